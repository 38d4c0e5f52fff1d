#include <zlib.h>

#include <limits>
#include <memory>

#include "record/codecs.h"
#include "record/compression.h"

namespace leat::record::detail {
namespace {

constexpr int gzip_window = MAX_WBITS + 16;  // 16: a gzip wrapper instead of zlib's

uInt clamp_to_uint(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

Bytef* bytes_of(const std::byte* data) { return reinterpret_cast<Bytef*>(const_cast<std::byte*>(data)); }

struct EndInflate {
  void operator()(z_stream* stream) const {
    inflateEnd(stream);
    delete stream;
  }
};

/// One a thread, since setting one up costs an allocation of 40 KiB.
z_stream* inflater() {
  thread_local std::unique_ptr<z_stream, EndInflate> kept;
  if (!kept) {
    auto fresh = std::make_unique<z_stream>();
    if (inflateInit2(fresh.get(), gzip_window) != Z_OK) return nullptr;
    kept.reset(fresh.release());
  } else if (inflateReset(kept.get()) != Z_OK) {
    return nullptr;
  }
  return kept.get();
}

}  // namespace

Result<void> gzip_compress(int level, Bytes in, std::vector<std::byte>& out) {
  level = level == default_level ? Z_DEFAULT_COMPRESSION : std::clamp(level, -1, 9);
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return refused("gzip: no memory");
  const std::unique_ptr<z_stream, decltype(&deflateEnd)> guard(&stream, deflateEnd);
  const std::size_t start = out.size();
  out.resize(start + deflateBound(&stream, in.size()));
  std::size_t read = 0, written = start;
  int state = Z_OK;
  while (state == Z_OK) {
    const uInt given = clamp_to_uint(in.size() - read);
    const uInt room = clamp_to_uint(out.size() - written);
    stream.next_in = bytes_of(in.data() + read);
    stream.avail_in = given;
    stream.next_out = bytes_of(out.data() + written);
    stream.avail_out = room;
    state = deflate(&stream, given == in.size() - read ? Z_FINISH : Z_NO_FLUSH);
    read += given - stream.avail_in;
    written += room - stream.avail_out;
  }
  out.resize(state == Z_STREAM_END ? written : start);
  if (state != Z_STREAM_END) return refused("gzip: deflate failed");
  return {};
}

Result<void> gzip_decompress(Bytes in, std::vector<std::byte>& out, std::size_t max) {
  z_stream* const stream = inflater();
  if (!stream) return refused("gzip: no memory");
  InflateOutput output(out, max);
  std::size_t read = 0;
  for (;;) {
    const auto room = output.room(inflated_guess(in.size()));
    if (room.empty()) return beyond_limit("gzip");
    const uInt given = clamp_to_uint(in.size() - read), space = clamp_to_uint(room.size());
    stream->next_in = bytes_of(in.data() + read);
    stream->avail_in = given;
    stream->next_out = bytes_of(room.data());
    stream->avail_out = space;
    const int state = inflate(stream, Z_NO_FLUSH);
    read += given - stream->avail_in;
    output.wrote(space - stream->avail_out);
    if (output.is_beyond_limit()) return beyond_limit("gzip");
    if (state == Z_STREAM_END) {
      if (read == in.size()) break;
      if (inflateReset(stream) != Z_OK) return refused("gzip: reset failed");  // another member follows
    } else if (state != Z_OK) {
      return bad_block("gzip: damaged or cut");
    }
  }
  output.finish();
  return {};
}

}  // namespace leat::record::detail
