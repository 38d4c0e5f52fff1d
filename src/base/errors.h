#pragma once

#include <leat/result.h>

#include <string>
#include <string_view>
#include <utility>

namespace leat {

/// Adds one phrase in front of an error on its way up: "opening t-0: " + "reading index: ...".
inline Error wrap(Error error, std::string_view phrase) {
  std::string context(phrase);
  if (!error.context.empty()) context.append(": ").append(error.context);
  error.context = std::move(context);
  return error;
}

/// The one mapping from any Errc to what a Kafka client may be told.
Errc to_kafka(Errc code) noexcept;

/// The wire's number for it.
inline std::int16_t wire_code(Errc code) noexcept {
  return static_cast<std::int16_t>(to_kafka(code));
}

}  // namespace leat

/// `LEAT_TRY(auto x, expression);` unwraps a Result or returns its error from the calling function.
#define LEAT_CONCAT_(a, b) a##b
#define LEAT_CONCAT(a, b) LEAT_CONCAT_(a, b)
#define LEAT_TRY_(tmp, declaration, ...)                  \
  auto tmp = (__VA_ARGS__);                               \
  if (!tmp) [[unlikely]]                                  \
    return std::move(tmp).error();                        \
  declaration = std::move(tmp).value()
#define LEAT_TRY(declaration, ...) \
  LEAT_TRY_(LEAT_CONCAT(leat_try_, __LINE__), declaration, __VA_ARGS__)
/// The same for a Result<void>.
#define LEAT_CHECK(...)                                                   \
  if (auto leat_check_ = (__VA_ARGS__); !leat_check_) [[unlikely]]        \
  return std::move(leat_check_).error()
