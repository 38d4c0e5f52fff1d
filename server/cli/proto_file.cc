#include "proto_file.h"

#include <algorithm>
#include <filesystem>

#include "base/errors.h"

namespace leat::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::compiler::DiskSourceTree;
namespace fs = std::filesystem;

/// As imports name it; the source tree compares paths as texts.
fs::path plain(const std::string& path) { return fs::absolute(path).lexically_normal(); }

void append_names(const Descriptor& message, std::vector<std::string>& names) {
  if (message.options().map_entry()) return;
  names.push_back(message.full_name());
  for (int i = 0; i < message.nested_type_count(); ++i) append_names(*message.nested_type(i), names);
}

std::string list_of(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 10;
  if (names.empty()) return "it has none";
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), shown); ++i)
    text.append(i == 0 ? "it has " : ", ").append(names[i]);
  return names.size() > shown ? text + " and " + std::to_string(names.size() - shown) + " more" : text;
}

}  // namespace

void ProtoFile::Errors::AddError(const std::string& file, int line, int column, const std::string& message) {
  if (first) return;
  first = file;
  // Lines are counted from 0; what is wrong with a file as a whole has none.
  if (line >= 0) first->append(":" + std::to_string(line + 1) + ":" + std::to_string(column + 1));
  first->append(": " + message.substr(0, message.find('\n')));
  if (line < 0) first->append("; --proto-path says where to look for imports");
}

Result<std::unique_ptr<ProtoFile>> ProtoFile::load(const std::string& path,
                                                   const std::vector<std::string>& import_paths) {
  std::unique_ptr<ProtoFile> loaded(new ProtoFile);
  const fs::path file = plain(path);
  for (const std::string& folder : import_paths) loaded->folders_.MapPath("", plain(folder).string());
  loaded->folders_.MapPath("", file.parent_path().string());
  std::string name, other;
  switch (loaded->folders_.DiskFileToVirtualFile(file.string(), &name, &other)) {
    case DiskSourceTree::SUCCESS: break;
    case DiskSourceTree::SHADOWED:
      return Error{Errc::invalid_argument, "--protobuf " + path + " is hidden by " + other + ", which is found first"};
    default: return Error{Errc::io_error, "cannot read " + path + ": " + loaded->folders_.GetLastErrorMessage()};
  }
  loaded->database_.RecordErrorsTo(&loaded->errors_);
  loaded->file_ = loaded->pool_.FindFileByName(name);
  if (!loaded->file_) return Error{Errc::corrupt, loaded->errors_.first.value_or(path + " is no .proto file")};
  return loaded;
}

Result<const Descriptor*> ProtoFile::find(const std::string& message) const {
  std::vector<std::string> names;
  for (int i = 0; i < file_->message_type_count(); ++i) append_names(*file_->message_type(i), names);
  const Descriptor* const found = pool_.FindMessageTypeByName(message);
  if (found && found->file() == file_) return found;
  return Error{Errc::not_found, file_->name() + " has no message " + message + "; " + list_of(names)};
}

}  // namespace leat::cli
