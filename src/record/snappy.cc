#include <snappy.h>

#include <cstring>

#include "record/codecs.h"

namespace leat::record::detail {
namespace {

// xerial's framing: 8 bytes of magic, version 1, compatible version 1, then sized raw snappy blocks.
constexpr unsigned char stream_header[16] = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1};
constexpr std::size_t magic_size = 8;
constexpr std::size_t block_input = 32 * 1024;
/// A snappy element makes at most 64 bytes out of 3, so a block that claims more than this lies.
constexpr std::size_t expansion_max = 22;

const char* chars(const std::byte* data) { return reinterpret_cast<const char*>(data); }
char* chars(std::byte* data) { return reinterpret_cast<char*>(data); }

Result<void> inflate_block(Bytes block, std::vector<std::byte>& out, std::size_t limit) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(chars(block.data()), block.size(), &size) ||
      size > expansion_max * block.size())
    return bad_block("snappy: bad block length");
  if (out.size() > limit || size > limit - out.size()) return beyond_limit("snappy");
  const std::size_t start = out.size();
  out.resize(start + size);
  if (!snappy::RawUncompress(chars(block.data()), block.size(), chars(out.data() + start)))
    return bad_block("snappy: damaged block");
  return {};
}

bool starts_with_magic(Bytes in) {
  return in.size() >= magic_size && std::memcmp(in.data(), stream_header, magic_size) == 0;
}

Result<void> inflate_stream(Bytes in, std::vector<std::byte>& out, std::size_t limit) {
  while (!in.empty()) {
    if (starts_with_magic(in)) {  // at the start, and where streams were concatenated
      if (in.size() < sizeof stream_header) return bad_block("snappy: cut stream header");
      if (load_be<std::int32_t>(in.data() + 12) > 1) return bad_block("snappy: unknown stream version");
      in = in.subspan(sizeof stream_header);
      continue;
    }
    if (in.size() < 4) return bad_block("snappy: cut block length");
    const auto size = load_be<std::int32_t>(in.data());
    in = in.subspan(4);
    if (size < 0 || static_cast<std::size_t>(size) > in.size()) return bad_block("snappy: block out of range");
    if (auto done = inflate_block(in.subspan(0, static_cast<std::size_t>(size)), out, limit); !done) return done;
    in = in.subspan(static_cast<std::size_t>(size));
  }
  return {};
}

}  // namespace

Result<void> snappy_compress(Bytes in, std::vector<std::byte>& out) {
  const auto* header = reinterpret_cast<const std::byte*>(stream_header);
  out.insert(out.end(), header, header + sizeof stream_header);
  while (!in.empty()) {
    const Bytes block = in.subspan(0, block_input);
    const std::size_t start = out.size();
    out.resize(start + 4 + snappy::MaxCompressedLength(block.size()));
    std::size_t size = 0;
    snappy::RawCompress(chars(block.data()), block.size(), chars(out.data() + start + 4), &size);
    store_be(out.data() + start, static_cast<std::int32_t>(size));
    out.resize(start + 4 + size);
    in = in.subspan(block.size());
  }
  return {};
}

Result<void> snappy_decompress(Bytes in, std::vector<std::byte>& out, std::size_t max) {
  const std::size_t start = out.size();
  const std::size_t limit = max > out.max_size() - start ? out.max_size() : start + max;
  auto done = starts_with_magic(in) ? inflate_stream(in, out, limit) : inflate_block(in, out, limit);
  if (!done) out.resize(start);
  return done;
}

}  // namespace leat::record::detail
