#include "config/listeners.h"

#include "config/value.h"

#include <algorithm>

namespace leat::config {

namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_name(char c) { return is_digit(c) || is_letter(c) || c == '_' || c == '-' || c == '.'; }
constexpr bool is_host(char c) { return is_name(c); }
constexpr bool is_address(char c) { return is_name(c) || c == ':' || c == '%'; }

Error malformed(std::string_view text, std::string_view why) {
  return {Errc::invalid_config, quoted(text) + " is no listener such as PLAINTEXT://localhost:9092: " + std::string(why)};
}

}  // namespace

std::string Listener::to_string() const {
  const bool brackets = host.find(':') != std::string::npos;
  return name + "://" + (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Listener> parse_listener(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return malformed(text, "it has no name before ://");
  const std::string_view name = text.substr(0, scheme);
  if (name.empty() || !std::ranges::all_of(name, is_name))
    return malformed(text, "its name must be letters, digits, _, - and .");

  const std::string_view rest = text.substr(scheme + 3);
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos || rest.ends_with(']')) return malformed(text, "it has no port");
  std::string_view host = rest.substr(0, colon);
  const std::string_view digits = rest.substr(colon + 1);
  const auto port = std::ranges::all_of(digits, is_digit) ? parse_integer(digits) : std::nullopt;
  if (!port || *port > 65535) return malformed(text, "its port must be a number from 0 to 65535");

  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.empty() || !std::ranges::all_of(host, is_address))
      return malformed(text, "there is no address between the brackets");
  } else if (host.find(':') != std::string_view::npos) {
    return malformed(text, "an IPv6 address needs brackets");
  } else if (!std::ranges::all_of(host, is_host)) {
    return malformed(text, "its host must be a name or an address");
  }

  Listener listener{std::string(name), std::string(host), static_cast<std::uint16_t>(*port)};
  std::ranges::transform(listener.name, listener.name.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return listener;
}

}  // namespace leat::config
