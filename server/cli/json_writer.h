#pragma once

#include <leat/bytes.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace leat::cli {

/// Appends JSON to a string, commas included. That begins and ends match is up to the caller.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  /// Expects UTF-8.
  JsonWriter& text(std::string_view text);
  JsonWriter& number(std::int64_t number) { return raw(std::to_string(number)); }
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }
  /// What is JSON already.
  JsonWriter& raw(std::string_view json);

  /// `name`: the bytes as text or null; `name`_base64 when they are no UTF-8.
  JsonWriter& bytes(std::string_view name, Bytes bytes);

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate() {
    if (needs_comma_) out_ += ',';
  }

  std::string& out_;
  bool needs_comma_ = false;
};

}  // namespace leat::cli
