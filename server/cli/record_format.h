#pragma once

#include <leat/record.h>
#include <leat/result.h>

#include <string>
#include <string_view>
#include <vector>

namespace leat::cli {

/// How a record is printed: what --format says.
class RecordFormat {
 public:
  /// "value", "json", or a text with %t %p %o %T %k %K %v %V %h %% and \n \t \r \0 \\ \xHH in it.
  static Result<RecordFormat> parse(std::string_view text);

  void append(const Record& record, std::string& out) const { append(record, nullptr, out); }
  /// With `json` in place of the value. Where it is an error the format json has that too, a text nothing of the record.
  void append(const Record& record, const Result<std::string>& json, std::string& out) const {
    append(record, &json, out);
  }

  /// For help texts: a line for each.
  static const char* const directives;

 private:
  struct Piece {
    char directive = 0;  ///< 0: literal
    std::string literal;
  };
  void append(const Record& record, const Result<std::string>* json, std::string& out) const;

  std::vector<Piece> pieces_;
  bool is_json_ = false;
};

}  // namespace leat::cli
