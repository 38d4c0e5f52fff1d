#include "serdes/diagnosis.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstdint>

#include "base/utf8.h"

namespace leat::protobuf {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::io::CodedInputStream;
using WireFormat = google::protobuf::internal::WireFormatLite;

std::string name_of(const Descriptor& type, int number) {
  const FieldDescriptor* const field = type.FindFieldByNumber(number);
  return "field " + (field ? field->name() : std::to_string(number));
}

bool must_be_utf8(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_STRING &&
         field.file()->syntax() == google::protobuf::FileDescriptor::SYNTAX_PROTO3;
}

/// Walks over a message, and into those in it, to the first thing that no reader takes.
class Walk {
 public:
  Walk(Bytes bytes, const Descriptor& type, int depth)
      : bytes_(bytes),
        stream_(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size())),
        type_(type),
        depth_(depth) {}

  /// Empty: nothing was found.
  std::string run() {
    while (static_cast<std::size_t>(stream_.CurrentPosition()) < bytes_.size()) {
      const int at = stream_.CurrentPosition();
      if (const std::string found = field(); !found.empty()) return "byte " + std::to_string(at) + ": " + found;
    }
    return {};
  }

 private:
  std::string field() {
    std::uint64_t tag = 0;
    if (!stream_.ReadVarint64(&tag) || tag > UINT32_MAX) return "a field's number is cut or too large";
    const int number = static_cast<int>(tag >> 3);
    if (number == 0) return "a field has the number 0";
    switch (WireFormat::GetTagWireType(static_cast<std::uint32_t>(tag))) {
      case WireFormat::WIRETYPE_LENGTH_DELIMITED: return delimited(number);
      case WireFormat::WIRETYPE_END_GROUP: return name_of(type_, number) + " ends a group that has not begun";
      default:
        if (WireFormat::SkipField(&stream_, static_cast<std::uint32_t>(tag))) return {};
        return name_of(type_, number) + " is cut, or of wire type " + std::to_string(tag & 7);
    }
  }

  std::string delimited(int number) {
    std::uint64_t size = 0;
    if (!stream_.ReadVarint64(&size)) return "the length of " + name_of(type_, number) + " is cut or too large";
    const auto from = static_cast<std::size_t>(stream_.CurrentPosition());
    if (size > bytes_.size() - from)
      return name_of(type_, number) + " has a length of " + std::to_string(size) + ", but " +
             std::to_string(bytes_.size() - from) + " bytes follow";
    stream_.Skip(static_cast<int>(size));
    const FieldDescriptor* const field = type_.FindFieldByNumber(number);
    const std::string found = field ? content(*field, bytes_.subspan(from, size)) : "";
    return found.empty() ? "" : name_of(type_, number) + found;
  }

  std::string content(const FieldDescriptor& field, Bytes bytes) {
    if (must_be_utf8(field) && !is_utf8(bytes.text())) return " is not UTF-8";
    if (field.type() != FieldDescriptor::TYPE_MESSAGE) return {};
    if (depth_ == 0) return " is nested too deeply";
    const std::string found = Walk(bytes, *field.message_type(), depth_ - 1).run();
    return found.empty() ? "" : ": " + found;
  }

  const Bytes bytes_;
  CodedInputStream stream_;
  const Descriptor& type_;
  const int depth_;
};

}  // namespace

std::string diagnose(Bytes bytes, const Descriptor& type) {
  const std::string found = Walk(bytes, type, CodedInputStream::GetDefaultRecursionLimit()).run();
  return found.empty() ? "the bytes of a field are not of its type" : found;
}

}  // namespace leat::protobuf
