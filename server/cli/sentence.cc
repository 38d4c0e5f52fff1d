#include "sentence.h"

namespace leat::cli {
namespace {
constexpr std::string_view gone = "the reader of standard output has gone";
}

std::string sentence(const Error& error) {
  if (error.context.empty()) return std::string(name(error.code));
  std::string text = error.context;
  while (!text.empty() && text.back() == '.') text.pop_back();
  switch (error.code) {
    case Errc::invalid_argument:
    case Errc::disconnected:
    case Errc::not_found:
    case Errc::io_error:
    case Errc::corrupt:
      return text;
    default:
      return text + " (" + std::string(name(error.code)) + ")";
  }
}

Error reader_gone() { return {Errc::closed, std::string(gone)}; }

bool is_reader_gone(const Error& error) { return error.code == Errc::closed && error.context == gone; }

}  // namespace leat::cli
