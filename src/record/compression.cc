#include "record/compression.h"

#include <array>

#include "record/codecs.h"

namespace leat::record {
namespace {

constexpr std::array<std::string_view, 5> names = {"none", "gzip", "snappy", "lz4", "zstd"};

}  // namespace

std::optional<Codec> codec_of_id(int id) noexcept {
  if (id < 0 || id >= static_cast<int>(names.size())) return std::nullopt;
  return static_cast<Codec>(id);
}

std::string_view name(Codec codec) noexcept { return names[static_cast<std::size_t>(codec)]; }

std::optional<Codec> codec_of_name(std::string_view name) noexcept {
  if (name == "uncompressed") return Codec::none;
  for (std::size_t id = 0; id < names.size(); ++id)
    if (names[id] == name) return static_cast<Codec>(id);
  return std::nullopt;
}

Result<void> compress(Codec codec, int level, Bytes in, std::vector<std::byte>& out) {
  switch (codec) {
    case Codec::none: out.insert(out.end(), in.begin(), in.end()); return {};
    case Codec::gzip: return detail::gzip_compress(level, in, out);
    case Codec::snappy: return detail::snappy_compress(in, out);
    case Codec::lz4: return detail::lz4_compress(level, in, out);
    case Codec::zstd: return detail::zstd_compress(level, in, out);
  }
  return Error{Errc::unsupported_compression_type, "unknown codec"};
}

Result<void> decompress(Codec codec, Bytes in, std::vector<std::byte>& out, std::size_t max) {
  switch (codec) {
    case Codec::none:
      if (in.size() > max) return detail::beyond_limit("none");
      out.insert(out.end(), in.begin(), in.end());
      return {};
    case Codec::gzip: return detail::gzip_decompress(in, out, max);
    case Codec::snappy: return detail::snappy_decompress(in, out, max);
    case Codec::lz4: return detail::lz4_decompress(in, out, max);
    case Codec::zstd: return detail::zstd_decompress(in, out, max);
  }
  return Error{Errc::unsupported_compression_type, "unknown codec"};
}

}  // namespace leat::record
