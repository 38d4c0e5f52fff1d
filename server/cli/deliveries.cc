#include "deliveries.h"

namespace leat::cli {

Deliveries::Summary Deliveries::summary() const {
  std::lock_guard lock(mutex_);
  return summary_;
}

void Deliveries::take(std::uint64_t index, const Result<RecordPosition>& position) {
  std::lock_guard lock(mutex_);
  if (position) {
    ++summary_.delivered;
    return;
  }
  ++summary_.failed;
  if (!summary_.first_failure || index < summary_.first_failure->index)
    summary_.first_failure = Failure{index, position.error()};
}

}  // namespace leat::cli
