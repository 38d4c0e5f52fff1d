#include "metadata/topic_name.h"

#include <algorithm>

namespace leat::metadata {
namespace {

constexpr std::size_t length_max = 249;

bool is_legal(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

}  // namespace

Result<void> check_topic_name(std::string_view name) {
  const auto bad = [](std::string what) { return Error{Errc::invalid_topic_exception, std::move(what)}; };
  if (name.empty()) return bad("Topic name is invalid: the empty string is not allowed");
  if (name == "." || name == "..") return bad("Topic name is invalid: '.' or '..' is not allowed");
  if (name.size() > length_max)
    return bad("Topic name is invalid: the length of '" + std::string(name) +
               "' is longer than the max allowed length " + std::to_string(length_max));
  if (!std::all_of(name.begin(), name.end(), is_legal))
    return bad("Topic name is invalid: '" + std::string(name) +
               "' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'");
  return {};
}

bool names_collide(std::string_view a, std::string_view b) {
  const auto plain = [](char c) { return c == '.' ? '_' : c; };
  return a != b && std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return plain(x) == plain(y); });
}

const TopicImage* colliding_topic(const Image& image, std::string_view name) {
  if (name.find_first_of("._") == std::string_view::npos) return nullptr;
  for (const auto& [other, topic] : image.topics)
    if (names_collide(other, name)) return topic.get();
  return nullptr;
}

}  // namespace leat::metadata
