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
  ask_for_more();
}

void ProducerIds::ask_for_more() {
  protocol::AllocateProducerIdsRequest request;
  request.broker_id = self_;
  request.broker_epoch = broker_epoch_();
  controller_->ask<protocol::AllocateProducerIdsResponse>(request, [weak = weak_from_this()](const auto& block) {
    if (auto self = weak.lock()) self->refill(block);
  });
}

void ProducerIds::refill(const Result<protocol::AllocateProducerIdsResponse>& block) {
  std::unique_lock lock(mutex_);
  refilling_ = false;
  const Errc error = block ? static_cast<Errc>(block->error_code) : block.error().code;
  if (error == Errc::none) {
    next_ = block->producer_id_start;
    end_ = block->producer_id_start + block->producer_id_len;
  }
  for (auto& done : std::exchange(waiting_, {})) {
    Result<std::int64_t> id = Error{};
    if (error != Errc::none) id = Error{error, "allocating producer ids"};
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
  ask_for_more();
}

}  // namespace leat::broker
