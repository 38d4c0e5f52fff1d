#include <lz4frame.h>
#include <lz4hc.h>

#include <memory>

#include "record/codecs.h"
#include "record/compression.h"

namespace leat::record::detail {
namespace {

constexpr int kafka_default_level = 9;  // in Kafka this number means the fast compressor
constexpr std::uint32_t frame_magic = 0x04224d18;  // read big-endian
constexpr unsigned version_mask = 0xc0, version_1 = 0x40, independent_blocks = 0x20, reserved_bits = 0x03;

struct FreeContext {
  void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};

LZ4F_dctx* inflater() {
  thread_local std::unique_ptr<LZ4F_dctx, FreeContext> kept;
  if (!kept) {
    LZ4F_dctx* fresh = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&fresh, LZ4F_VERSION))) return nullptr;
    kept.reset(fresh);
  }
  LZ4F_resetDecompressionContext(kept.get());
  return kept.get();
}

LZ4F_preferences_t preferences(int level) {
  LZ4F_preferences_t p{};
  p.frameInfo.blockSizeID = LZ4F_max64KB;
  p.frameInfo.blockMode = LZ4F_blockIndependent;
  const bool fast = level == default_level || level == kafka_default_level;
  p.compressionLevel = fast ? 0 : std::clamp(level, 1, LZ4HC_CLEVEL_MAX);
  return p;
}

}  // namespace

Result<void> lz4_compress(int level, Bytes in, std::vector<std::byte>& out) {
  const LZ4F_preferences_t p = preferences(level);
  const std::size_t start = out.size();
  out.resize(start + LZ4F_compressFrameBound(in.size(), &p));
  const std::size_t size = LZ4F_compressFrame(out.data() + start, out.size() - start, in.data(), in.size(), &p);
  if (LZ4F_isError(size)) {
    out.resize(start);
    return refused(std::string("lz4: ") + LZ4F_getErrorName(size));
  }
  out.resize(start + size);
  return {};
}

Result<void> lz4_decompress(Bytes in, std::vector<std::byte>& out, std::size_t max) {
  // What Java's reader refuses must not reach the log, although the library below would take it.
  if (in.size() < 7) return bad_block("lz4: cut frame header");
  if (load_be<std::uint32_t>(in.data()) != frame_magic) return bad_block("lz4: not an LZ4 frame");
  const auto flags = std::to_integer<unsigned>(in[4]);
  if ((flags & version_mask) != version_1 || !(flags & independent_blocks) || (flags & reserved_bits))
    return bad_block("lz4: frame with dependent blocks or unknown flags");
  LZ4F_dctx* const context = inflater();
  if (!context) return refused("lz4: no memory");
  InflateOutput output(out, max);
  for (;;) {
    const auto room = output.room(inflated_guess(in.size()));
    if (room.empty()) return beyond_limit("lz4");
    std::size_t read = in.size(), written = room.size();
    const std::size_t hint = LZ4F_decompress(context, room.data(), &written, in.data(), &read, nullptr);
    if (LZ4F_isError(hint)) return bad_block(std::string("lz4: ") + LZ4F_getErrorName(hint));
    in = in.subspan(read);
    output.wrote(written);
    if (output.is_beyond_limit()) return beyond_limit("lz4");
    if (hint == 0) break;
    if (read == 0 && written == 0) return bad_block("lz4: cut frame");
  }
  if (!in.empty()) return bad_block("lz4: bytes behind the frame");
  output.finish();
  return {};
}

}  // namespace leat::record::detail
