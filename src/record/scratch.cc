#include "record/scratch.h"

#include <utility>

namespace leat::record {
namespace {

constexpr std::size_t kept_capacity_max = std::size_t{4} << 20;
thread_local std::vector<std::byte> kept;

}  // namespace

Scratch::Scratch() : buffer_(std::exchange(kept, {})) { buffer_.clear(); }

Scratch::~Scratch() {
  if (buffer_.capacity() <= kept_capacity_max && buffer_.capacity() > kept.capacity()) kept = std::move(buffer_);
}

}  // namespace leat::record
