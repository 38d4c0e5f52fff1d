#pragma once

#include <leat/producer.h>

#include <cstdint>
#include <mutex>
#include <optional>

namespace leat::cli {

/// What became of the records that were sent. Safe from any thread; outlives the producer.
class Deliveries {
 public:
  /// For record number `index`, counted from 0.
  DeliveryCallback callback(std::uint64_t index) {
    return [this, index](const Result<RecordPosition>& position) { take(index, position); };
  }

  struct Failure {
    std::uint64_t index = 0;
    Error error;
  };
  struct Summary {
    std::uint64_t delivered = 0;
    std::uint64_t failed = 0;
    std::optional<Failure> first_failure;  ///< by index
  };
  Summary summary() const;

 private:
  void take(std::uint64_t index, const Result<RecordPosition>& position);

  mutable std::mutex mutex_;
  Summary summary_;
};

}  // namespace leat::cli
