#include "protocol/json_value.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace leat::protocol {

namespace {

constexpr int depth_max = 64;

void append_utf8(std::string& out, std::uint32_t code) {
  const auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      add(0xe0 | code >> 12);
    } else {
      add(0xf0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3f));
    }
    add(0x80 | (code >> 6 & 0x3f));
  }
  add(0x80 | (code & 0x3f));
}

/// Functions give false at the first character that does not belong; `at` then stands there.
class JsonParser {
 public:
  explicit JsonParser(std::string_view text) : text_(text) {}

  bool document(JsonValue& into) {
    if (!value(into, 0)) return false;
    skip_space();
    return at_ == text_.size();
  }
  std::size_t at() const { return at_; }

 private:
  bool value(JsonValue& into, int depth) {
    skip_space();
    if (at_ == text_.size() || depth > depth_max) return false;
    switch (text_[at_]) {
      case '{': return object(into, depth);
      case '[': return array(into, depth);
      case '"': into.kind = JsonValue::Kind::string; return string(into.text);
      case 'n': return word("null");
      case 't': return boolean(into, "true", true);
      case 'f': return boolean(into, "false", false);
      default: return number(into);
    }
  }

  bool object(JsonValue& into, int depth) {
    into.kind = JsonValue::Kind::object;
    ++at_;
    if (accept('}')) return true;
    do {
      skip_space();
      if (!string(into.names.emplace_back()) || !accept(':')) return false;
      if (!value(into.elements.emplace_back(), depth + 1)) return false;
    } while (accept(','));
    return accept('}');
  }

  bool array(JsonValue& into, int depth) {
    into.kind = JsonValue::Kind::array;
    ++at_;
    if (accept(']')) return true;
    do {
      if (!value(into.elements.emplace_back(), depth + 1)) return false;
    } while (accept(','));
    return accept(']');
  }

  bool string(std::string& into) {
    if (peek() != '"') return false;
    for (++at_; at_ < text_.size() && text_[at_] != '"';) {
      if (text_[at_] != '\\')
        into += text_[at_++];
      else if (!escape(into))
        return false;
    }
    return accept('"');
  }

  bool escape(std::string& into) {
    static constexpr std::string_view from = "\"\\/bfnrt";
    static constexpr std::string_view to = "\"\\/\b\f\n\r\t";
    ++at_;
    if (peek() == 'u') return unicode(into);
    const std::size_t which = from.find(peek());
    if (which == from.npos || at_ == text_.size()) return false;
    into += to[which];
    ++at_;
    return true;
  }

  bool unicode(std::string& into) {
    std::optional<std::uint32_t> code = hex4();
    if (!code) return false;
    if (*code >= 0xd800 && *code < 0xdc00) {
      if (peek() != '\\') return false;
      ++at_;
      const std::optional<std::uint32_t> low = hex4();
      if (!low || *low < 0xdc00 || *low > 0xdfff) return false;
      *code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
    }
    append_utf8(into, *code);
    return true;
  }

  /// The four digits of an escape that stands at its 'u'.
  std::optional<std::uint32_t> hex4() {
    if (peek() != 'u' || text_.size() - at_ < 5) return std::nullopt;
    std::uint32_t code = 0;
    const char* first = text_.data() + at_ + 1;
    if (std::from_chars(first, first + 4, code, 16).ptr != first + 4) return std::nullopt;
    at_ += 5;
    return code;
  }

  bool number(JsonValue& into) {
    into.kind = JsonValue::Kind::number;
    const std::size_t size = std::min(text_.find_first_not_of("+-.0123456789eE", at_), text_.size()) - at_;
    into.text = text_.substr(at_, size);
    at_ += size;
    return size > 0;
  }

  bool boolean(JsonValue& into, std::string_view text, bool value) {
    into.kind = JsonValue::Kind::boolean;
    into.boolean = value;
    return word(text);
  }

  bool word(std::string_view text) {
    if (!text_.substr(at_).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool accept(char c) {
    skip_space();
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<JsonValue> JsonValue::parse(std::string_view text) {
  JsonParser parser(text);
  JsonValue value;
  if (parser.document(value)) return value;
  return Error{Errc::invalid_argument, "not JSON at byte " + std::to_string(parser.at())};
}

}  // namespace leat::protocol
