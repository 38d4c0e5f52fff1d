#include <zstd.h>

#include <memory>

#include "record/codecs.h"
#include "record/compression.h"

namespace leat::record::detail {
namespace {

/// A context above this (a high level, a frame with a wide window) is not kept by its thread.
constexpr std::size_t kept_context_max = std::size_t{16} << 20;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};
using Compressor = std::unique_ptr<ZSTD_CCtx, FreeContext>;
using Inflater = std::unique_ptr<ZSTD_DCtx, FreeContext>;

thread_local Compressor kept_compressor;
thread_local Inflater kept_inflater;

void keep(Compressor compressor) {
  if (ZSTD_sizeof_CCtx(compressor.get()) <= kept_context_max) kept_compressor = std::move(compressor);
}
void keep(Inflater inflater) {
  if (ZSTD_sizeof_DCtx(inflater.get()) <= kept_context_max) kept_inflater = std::move(inflater);
}

Result<void> inflate_frames(ZSTD_DCtx* context, Bytes in, InflateOutput& output) {
  ZSTD_inBuffer source{in.data(), in.size(), 0};
  for (;;) {
    const auto room = output.room(inflated_guess(in.size()));
    if (room.empty()) return beyond_limit("zstd");
    ZSTD_outBuffer target{room.data(), room.size(), 0};
    const std::size_t before = source.pos;
    const std::size_t hint = ZSTD_decompressStream(context, &target, &source);
    if (ZSTD_isError(hint)) return bad_block(std::string("zstd: ") + ZSTD_getErrorName(hint));
    output.wrote(target.pos);
    if (output.is_beyond_limit()) return beyond_limit("zstd");
    if (hint == 0 && source.pos == source.size) return {};
    if (source.pos == before && target.pos == 0) return bad_block("zstd: cut frame");
  }
}

}  // namespace

Result<void> zstd_compress(int level, Bytes in, std::vector<std::byte>& out) {
  level = level == default_level ? ZSTD_CLEVEL_DEFAULT : std::clamp(level, ZSTD_minCLevel(), ZSTD_maxCLevel());
  Compressor context = std::move(kept_compressor);
  if (!context) context.reset(ZSTD_createCCtx());
  if (!context) return refused("zstd: no memory");
  const std::size_t start = out.size();
  out.resize(start + ZSTD_compressBound(in.size()));
  const std::size_t size =
      ZSTD_compressCCtx(context.get(), out.data() + start, out.size() - start, in.data(), in.size(), level);
  keep(std::move(context));
  if (ZSTD_isError(size)) {
    out.resize(start);
    return refused(std::string("zstd: ") + ZSTD_getErrorName(size));
  }
  out.resize(start + size);
  return {};
}

Result<void> zstd_decompress(Bytes in, std::vector<std::byte>& out, std::size_t max) {
  Inflater context = std::move(kept_inflater);
  if (!context) context.reset(ZSTD_createDCtx());
  if (!context) return refused("zstd: no memory");
  ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_only);
  InflateOutput output(out, max);
  auto done = inflate_frames(context.get(), in, output);
  keep(std::move(context));
  if (done) output.finish();
  return done;
}

}  // namespace leat::record::detail
