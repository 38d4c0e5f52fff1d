#include "record_format.h"

#include <charconv>

#include "base/errors.h"
#include "json_writer.h"

namespace leat::cli {
namespace {

constexpr std::string_view known_directives = "tpoTkKvVh%";

void append_headers(std::span<const Header> headers, std::string& out) {
  bool is_first = true;
  for (const Header& header : headers) {
    if (!std::exchange(is_first, false)) out += ',';
    out += header.key;
    if (!header.value.is_null()) out.append("=").append(header.value.text());
  }
}

std::string size_of(Bytes bytes) { return bytes.is_null() ? "-1" : std::to_string(bytes.size()); }

void append_json(const Record& record, const Result<std::string>* value, std::string& out) {
  JsonWriter json(out);
  json.begin_object();
  json.key("topic").text(record.topic);
  json.key("partition").number(record.partition);
  json.key("offset").number(record.offset);
  json.key("timestamp").number(record.timestamp);
  json.bytes("key", record.key);
  if (value && *value)
    json.key("value").raw(**value);
  else
    json.bytes("value", record.value);
  if (value && !*value) json.key("error").text(value->error().context);
  json.key("headers").begin_array();
  for (const Header& header : record.headers) {
    json.begin_object();
    json.bytes("key", Bytes(header.key));
    json.bytes("value", header.value);
    json.end_object();
  }
  json.end_array().end_object();
  out += '\n';
}

/// The character that the escape at `at` (behind the backslash) means; moves `at` behind it.
Result<char> unescape(std::string_view text, std::size_t& at) {
  const char c = at < text.size() ? text[at++] : '\0';
  switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case '0': return '\0';
    case '\\': return '\\';
    case 'x': {
      unsigned value = 0;
      const char* const from = text.data() + at;
      if (text.size() - at >= 2)
        if (const auto [end, error] = std::from_chars(from, from + 2, value, 16); error == std::errc() && end == from + 2) {
          at += 2;
          return static_cast<char>(value);
        }
      [[fallthrough]];
    }
    default:
      return Error{Errc::invalid_argument,
                   "--format has a \\ with no meaning: \\n \\t \\r \\0 \\\\ and \\xHH have one"};
  }
}

}  // namespace

const char* const RecordFormat::directives =
    "Formats: value (each on a line), json (an object a line), or a text with\n"
    "  %t topic  %p partition  %o offset  %T timestamp in ms  %h headers a=1,b=2\n"
    "  %k key    %v value      %K and %V their sizes, -1 for null\n"
    "  %% \\n \\t \\r \\0 \\\\ \\xHH\n";

Result<RecordFormat> RecordFormat::parse(std::string_view text) {
  RecordFormat format;
  if (text == "json") {
    format.is_json_ = true;
    return format;
  }
  if (text == "value") text = "%v\\n";
  Piece literal;
  const auto end_literal = [&] {
    if (!literal.literal.empty()) format.pieces_.push_back(std::exchange(literal, {}));
  };
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i++];
    if (c == '\\') {
      LEAT_TRY(const char meant, unescape(text, i));
      literal.literal += meant;
    } else if (c != '%') {
      literal.literal += c;
    } else {
      const char directive = i < text.size() ? text[i++] : '\0';
      if (directive == '\0' || !known_directives.contains(directive))
        return Error{Errc::invalid_argument, "--format has a % with no meaning: %t %p %o %T %k %K %v %V %h %% have one"};
      if (directive == '%') {
        literal.literal += '%';
      } else {
        end_literal();
        format.pieces_.push_back({directive, {}});
      }
    }
  }
  end_literal();
  if (format.pieces_.empty()) return Error{Errc::invalid_argument, "--format is empty"};
  if (format.pieces_.size() == 1 && format.pieces_[0].directive == 0)
    return Error{Errc::invalid_argument, "--format " + std::string(text) +
                                             " shows nothing of a record: say value, json or a text with %v in it"};
  return format;
}

void RecordFormat::append(const Record& record, const Result<std::string>* json, std::string& out) const {
  if (is_json_) return append_json(record, json, out);
  if (json && !*json) return;
  for (const Piece& piece : pieces_) {
    switch (piece.directive) {
      case 't': out += record.topic; break;
      case 'p': out += std::to_string(record.partition); break;
      case 'o': out += std::to_string(record.offset); break;
      case 'T': out += std::to_string(record.timestamp); break;
      case 'k': out += record.key.text(); break;
      case 'K': out += size_of(record.key); break;
      case 'v': out += json ? std::string_view(**json) : record.value.text(); break;
      case 'V': out += size_of(record.value); break;
      case 'h': append_headers(record.headers, out); break;
      default: out += piece.literal;
    }
  }
}

}  // namespace leat::cli
