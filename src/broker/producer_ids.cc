#include "broker/producer_ids.h"

namespace leat::broker {

void ProducerIds::next(Done done) {
  std::unique_lock lock(mutex_);
  if (next_ < end_ && waiting_.empty()) {
    const std::int64_t id = next_++;
    lock.unlock();
    return done(id);
  }
  waiting_.push_back(std::move(done));
  if (std::exchange(refilling_, true)) return;
  lock.unlock();
  controller_.allocate_producer_ids([this](auto block) { refill(std::move(block)); });
}

void ProducerIds::refill(Result<std::pair<std::int64_t, std::int32_t>> block) {
  std::unique_lock lock(mutex_);
  refilling_ = false;
  if (block) {
    next_ = block->first;
    end_ = block->first + block->second;
  }
  for (auto& done : std::exchange(waiting_, {})) {
    Result<std::int64_t> id = Error{};
    if (!block) id = block.error();
    else if (next_ < end_) id = next_++;
    else {
      waiting_.push_back(std::move(done));
      continue;
    }
    lock.unlock();
    done(std::move(id));
    lock.lock();
  }
  if (waiting_.empty() || std::exchange(refilling_, true)) return;
  lock.unlock();
  controller_.allocate_producer_ids([this](auto more) { refill(std::move(more)); });
}

}  // namespace leat::broker
