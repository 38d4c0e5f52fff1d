#include "config/properties.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace leat::config {

namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\f'; }

std::string_view without_leading_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

/// Cuts lines at \n, \r or \r\n.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  std::optional<std::string_view> next() {
    if (rest_.empty()) return std::nullopt;
    ++number_;
    const std::size_t end = rest_.find_first_of("\r\n");
    const std::string_view line = rest_.substr(0, end);
    if (end == std::string_view::npos) rest_ = {};
    else rest_.remove_prefix(end + (rest_.substr(end).starts_with("\r\n") ? 2 : 1));
    return line;
  }
  int number() const { return number_; }

 private:
  std::string_view rest_;
  int number_ = 0;
};

bool continues(std::string_view line) {
  std::size_t backslashes = 0;
  while (backslashes < line.size() && line[line.size() - 1 - backslashes] == '\\') ++backslashes;
  return backslashes % 2 == 1;
}

/// The line with those that continue it; leading blanks of each are gone.
std::string joined(std::string_view line, Lines& lines) {
  std::string logical;
  for (std::optional<std::string_view> part = line; part; part = lines.next()) {
    *part = without_leading_blanks(*part);
    if (!continues(*part)) return logical.append(*part);
    logical.append(part->substr(0, part->size() - 1));
  }
  return logical;
}

std::optional<std::uint32_t> hex4(std::string_view digits) {
  if (digits.size() < 4) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : digits.substr(0, 4)) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<std::uint32_t>(digit);
  }
  return value;
}

void append_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) return put(0xC0 | code >> 6), put(0x80 | (code & 0x3F));
  if (code < 0x10000)
    return put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F)), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
}

/// The character of "XXXX", or of "XXXX\uYYYY" where that is a surrogate pair, which is cut off `text`. A lone
/// surrogate is no character and becomes U+FFFD.
std::optional<std::uint32_t> take_unicode(std::string_view& text) {
  const auto first = hex4(text);
  if (!first) return std::nullopt;
  text.remove_prefix(4);
  if (*first < 0xD800 || *first > 0xDFFF) return first;
  if (*first < 0xDC00 && text.starts_with("\\u")) {
    const auto second = hex4(text.substr(2));
    if (second && *second >= 0xDC00 && *second <= 0xDFFF) {
      text.remove_prefix(6);
      return 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00);
    }
  }
  return 0xFFFD;
}

std::string unescaped(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c != '\\' || text.empty()) {
      if (c != '\\') plain += c;
      continue;
    }
    const char escape = text.front();
    text.remove_prefix(1);
    switch (escape) {
      case 't': plain += '\t'; break;
      case 'n': plain += '\n'; break;
      case 'r': plain += '\r'; break;
      case 'f': plain += '\f'; break;
      case 'u':
        if (const auto code = take_unicode(text)) append_utf8(plain, *code);
        else plain += "\\u";
        break;
      default: plain += escape;
    }
  }
  return plain;
}

Property parse_line(std::string_view line) {
  std::size_t key_end = 0;
  while (key_end < line.size() && !is_blank(line[key_end]) && line[key_end] != '=' && line[key_end] != ':')
    key_end += line[key_end] == '\\' ? 2 : 1;
  key_end = std::min(key_end, line.size());
  std::string_view value = without_leading_blanks(line.substr(key_end));
  if (value.starts_with('=') || value.starts_with(':')) value = without_leading_blanks(value.substr(1));
  return {unescaped(line.substr(0, key_end)), unescaped(value), {}};
}

}  // namespace

std::vector<Property> parse_properties(std::string_view text, std::string_view file_name) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<Property> properties;
  Lines lines(text);
  while (const auto line = lines.next()) {
    const std::string_view content = without_leading_blanks(*line);
    if (content.empty() || content.front() == '#' || content.front() == '!') continue;
    std::string origin = std::string(file_name) + ":" + std::to_string(lines.number());
    const std::string logical = joined(content, lines);
    if (logical.empty()) continue;
    properties.push_back(parse_line(logical));
    properties.back().origin = std::move(origin);
  }
  return properties;
}

Property parse_assignment(std::string_view text, std::string_view origin) {
  const std::size_t sign = text.find('=');
  const std::string_view key = text.substr(0, sign);
  const std::string_view value = sign == std::string_view::npos ? std::string_view() : text.substr(sign + 1);
  return {std::string(key), std::string(value), std::string(origin)};
}

}  // namespace leat::config
