#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/json_util.h>
#include <leat/protobuf.h>

#include "base/errors.h"
#include "json_values.h"
#include "proto_file.h"

namespace leat::cli {
namespace {

namespace pb = google::protobuf;

/// libprotobuf draws a picture of where it stopped below its sentence.
std::string sentence_of(const pb::util::Status& status) {
  std::string text(status.message());
  text.resize(std::min(text.size(), text.find('\n')));
  if (text.starts_with(": ")) text.erase(0, 2);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

class ProtobufValues : public JsonValues {
 public:
  ProtobufValues(const MessageChoice& choice, std::unique_ptr<ProtoFile> file, const pb::Descriptor& type)
      : choice_(choice),
        file_(std::move(file)),
        message_(factory_.GetPrototype(&type)->New()) {}

  Result<std::string> to_json(const Record& record) override {
    LEAT_CHECK(protobuf::parse(record, *message_, {.check_message_indexes = !choice_.ignore_message_indexes}));
    std::string json;
    if (const auto status = pb::util::MessageToJsonString(*message_, &json); !status.ok())
      return Error{Errc::corrupt, TopicPartition{std::string(record.topic), record.partition}.to_string() + ", offset " +
                                      std::to_string(record.offset) + ": it has no JSON: " + sentence_of(status)};
    return json;
  }

  Result<std::string> to_value(std::string_view json) override {
    message_->Clear();
    if (const auto status = pb::util::JsonStringToMessage(json, message_.get()); !status.ok())
      return Error{Errc::corrupt, "no JSON of " + message_->GetDescriptor()->full_name() + ": " + sentence_of(status)};
    return protobuf::serialize(*message_, choice_.schema_id);
  }

 private:
  const MessageChoice& choice_;
  const std::unique_ptr<ProtoFile> file_;
  pb::DynamicMessageFactory factory_;
  const std::unique_ptr<pb::Message> message_;
};

}  // namespace

Result<std::unique_ptr<JsonValues>> JsonValues::open(const MessageChoice& choice) {
  if (choice.file.empty()) return std::unique_ptr<JsonValues>();
  pb::SetLogHandler(nullptr);  // what it would write is in the errors
  LEAT_TRY(auto file, ProtoFile::load(choice.file, choice.import_paths));
  LEAT_TRY(const pb::Descriptor* const type, file->find(choice.message));
  return std::unique_ptr<JsonValues>(new ProtobufValues(choice, std::move(file), *type));
}

}  // namespace leat::cli
