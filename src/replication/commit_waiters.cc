#include "replication/commit_waiters.h"

#include <algorithm>
#include <limits>

namespace leat::replication {
namespace {
constexpr auto later = [](const auto& a, const auto& b) { return a.first > b.first; };
}

void CommitWaiters::add(Offset end, Committed done) {
  heap_.emplace_back(end, std::move(done));
  std::push_heap(heap_.begin(), heap_.end(), later);
}

void CommitWaiters::take(Offset end, Errc outcome, std::vector<Ready>& ready) {
  while (!heap_.empty() && heap_.front().first <= end) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    ready.push_back({std::move(heap_.back().second), outcome});
    heap_.pop_back();
  }
}

void CommitWaiters::take_all(Errc outcome, std::vector<Ready>& ready) {
  take(std::numeric_limits<Offset>::max(), outcome, ready);
}

}  // namespace leat::replication
