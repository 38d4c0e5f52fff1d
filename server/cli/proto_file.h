#pragma once

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor_database.h>
#include <leat/result.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace leat::cli {

/// A .proto file and what it imports, understood at run time. What comes with Protobuf, such as
/// google/protobuf/timestamp.proto, is in this program; other imports are looked for in the import paths, then in the
/// file's own folder.
class ProtoFile {
 public:
  /// `io_error`: it cannot be read; `corrupt`: where what is wrong.
  static Result<std::unique_ptr<ProtoFile>> load(const std::string& path, const std::vector<std::string>& import_paths);

  /// By its full name, nested ones too. `not_found` says which there are. Lives as long as this.
  Result<const google::protobuf::Descriptor*> find(const std::string& message) const;

 private:
  struct Errors : google::protobuf::compiler::MultiFileErrorCollector {
    void AddError(const std::string& file, int line, int column, const std::string& message) override;
    std::optional<std::string> first;
  };

  ProtoFile() = default;

  google::protobuf::compiler::DiskSourceTree folders_;
  Errors errors_;
  google::protobuf::DescriptorPoolDatabase built_in_{*google::protobuf::DescriptorPool::generated_pool()};
  google::protobuf::compiler::SourceTreeDescriptorDatabase database_{&folders_, &built_in_};
  google::protobuf::DescriptorPool pool_{&database_, database_.GetValidationErrorCollector()};
  const google::protobuf::FileDescriptor* file_ = nullptr;
};

}  // namespace leat::cli
