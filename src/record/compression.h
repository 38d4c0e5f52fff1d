#pragma once

#include <leat/bytes.h>
#include <leat/result.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

namespace leat::record {

/// How the records of a batch are compressed: bits 0-2 of its attributes.
enum class Codec : std::uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

/// The codec of attribute bits 0-2; nothing for 5, 6 and 7.
std::optional<Codec> codec_of_id(int id) noexcept;
/// Kafka's word for it in `compression.type`: "none", "gzip", "snappy", "lz4", "zstd".
std::string_view name(Codec codec) noexcept;
/// The codec of such a word ("uncompressed" is none); nothing for others, "producer" included.
std::optional<Codec> codec_of_name(std::string_view name) noexcept;

/// The codec's own default level.
inline constexpr int default_level = std::numeric_limits<int>::min();

/// What a batch may inflate to unless the caller says otherwise.
inline constexpr std::size_t default_max_decompressed = std::size_t{256} << 20;

/// Appends `in`, compressed as Kafka's clients frame it, to `out`. `level` means what Kafka's
/// `compression.{gzip,lz4,zstd}.level` mean and is clamped to the codec's range; snappy has none.
/// `in` must not point into `out`. On failure `out` is as before.
Result<void> compress(Codec codec, int level, Bytes in, std::vector<std::byte>& out);

/// Appends what `in` inflates to, at most `max` bytes, to `out`, which grows with what is produced and
/// not with what the input claims. Errors: invalid_record for bytes that are not of this codec,
/// message_too_large beyond `max`. On failure `out` is as before. `in` must not point into `out`.
Result<void> decompress(Codec codec, Bytes in, std::vector<std::byte>& out,
                        std::size_t max = default_max_decompressed);

}  // namespace leat::record
