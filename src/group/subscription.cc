#include "group/subscription.h"

#include <cstdint>
#include <optional>

#include "base/wire.h"

namespace leat::group {
namespace {

/// Takes what it reads off the front; nothing where that is not there.
template <class T>
std::optional<T> take(Bytes& in) {
  if (in.size() < sizeof(T)) return {};
  const T value = load_be<T>(in.data());
  in = in.subspan(sizeof(T));
  return value;
}

std::optional<std::string> take_string(Bytes& in) {
  const auto size = take<std::int16_t>(in);
  if (!size || *size < 0 || in.size() < static_cast<std::size_t>(*size)) return {};
  std::string text = in.subspan(0, *size).to_string();
  in = in.subspan(*size);
  return text;
}

bool has_user_data(Bytes in) {
  const auto size = take<std::int32_t>(in);
  return size && (*size < 0 || in.size() >= static_cast<std::size_t>(*size));
}

}  // namespace

Result<std::vector<std::string>> subscribed_topics(Bytes metadata) {
  const Error bad{Errc::corrupt_message, "no consumer's subscription"};
  const auto version = take<std::int16_t>(metadata);
  const auto count = take<std::int32_t>(metadata);
  if (!version || *version < 0 || !count || *count < 0) return bad;
  std::vector<std::string> topics;
  for (std::int32_t i = 0; i < *count; ++i) {
    auto topic = take_string(metadata);
    if (!topic) return bad;
    topics.push_back(std::move(*topic));
  }
  if (!has_user_data(metadata)) return bad;
  return topics;
}

}  // namespace leat::group
