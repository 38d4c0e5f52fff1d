#include "record/control_record.h"

#include "base/errors.h"
#include "base/wire.h"
#include "record/batch_builder.h"

namespace leat::record {
namespace {

Error invalid(const char* why) { return Error{Errc::invalid_record, why}; }

}  // namespace

std::array<std::byte, 4> control_key(ControlType type) noexcept {
  std::array<std::byte, 4> key{};
  store_be(key.data() + 2, static_cast<std::int16_t>(type));
  return key;
}

Result<ControlType> control_type(Bytes key) {
  if (key.size() < 4) return invalid("control record: key is too short");
  if (load_be<std::int16_t>(key.data()) < 0) return invalid("control record: negative key version");
  return static_cast<ControlType>(load_be<std::int16_t>(key.data() + 2));
}

std::array<std::byte, 6> marker_value(const TransactionMarker& marker) noexcept {
  std::array<std::byte, 6> value{};
  store_be(value.data() + 2, marker.coordinator_epoch);
  return value;
}

Result<TransactionMarker> parse_marker(Bytes key, Bytes value) {
  LEAT_TRY(const ControlType type, control_type(key));
  if (type != ControlType::commit && type != ControlType::abort)
    return invalid("control record: not a transaction marker");
  if (value.size() < 6) return invalid("transaction marker: value is too short");
  if (load_be<std::int16_t>(value.data()) < 0) return invalid("transaction marker: negative version");
  return TransactionMarker{type == ControlType::commit, load_be<std::int32_t>(value.data() + 2)};
}

std::vector<std::byte> marker_batch(const TransactionMarker& marker, std::int64_t producer_id,
                                    std::int16_t producer_epoch, TimestampMs timestamp) {
  BatchBuilder builder({.producer_id = producer_id,
                        .producer_epoch = producer_epoch,
                        .is_transactional = true,
                        .is_control = true});
  const auto value = marker_value(marker);
  builder.append_control(marker.commit ? ControlType::commit : ControlType::abort, timestamp,
                         Bytes(value.data(), value.size()));
  return builder.build().value();
}

}  // namespace leat::record
