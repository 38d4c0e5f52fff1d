#include "net/outgoing_queue.h"

#include <algorithm>
#include <utility>

namespace leat::net {

void OutgoingQueue::push(broker::Outgoing outgoing) {
  const std::size_t before = parts_.size();
  for (Payload& piece : outgoing.frame.pieces) {
    if (piece.is_in_files()) {
      for (const FileSlice& slice : piece.slices())
        if (slice.length > 0) parts_.push_back({.slice = slice});
    } else if (!piece.empty()) {
      parts_.push_back({.memory = std::move(piece)});
    }
  }
  if (parts_.size() > before) {
    parts_.back().ends_answer = true;
    ++answers_;
  }
  if (outgoing.close) parts_.push_back({.close = true});
}

OutgoingQueue::Head OutgoingQueue::head() const {
  if (parts_.empty()) return Head::nothing;
  const Part& part = parts_.front();
  return part.close ? Head::close : part.slice.file ? Head::file : Head::memory;
}

std::size_t OutgoingQueue::gather(std::span<iovec> out, bool& file_follows) const {
  std::size_t count = 0;
  file_follows = false;
  for (const Part& part : parts_) {
    if (part.close || count == out.size()) break;
    if (part.slice.file) {
      file_follows = true;
      break;
    }
    const Bytes bytes = part.memory.memory();
    out[count++] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
  }
  return count;
}

FileSlice OutgoingQueue::slice() const {
  FileSlice slice = parts_.front().slice;
  slice.length = std::min(slice.length, file_step);
  return slice;
}

void OutgoingQueue::replace_slice(Payload memory) {
  Part& part = parts_.front();
  const std::size_t count = memory.size();
  part.slice.position += count;
  part.slice.length -= count;
  Part read{.memory = std::move(memory)};
  if (part.slice.length == 0) {
    read.ends_answer = part.ends_answer;
    part = std::move(read);
  } else {
    parts_.push_front(std::move(read));
  }
}

void OutgoingQueue::consume(std::size_t count) {
  while (count > 0) {
    Part& part = parts_.front();
    const std::size_t size = part.slice.file ? part.slice.length : part.memory.size();
    if (count < size) {
      if (part.slice.file) {
        part.slice.position += count;
        part.slice.length -= count;
      } else {
        part.memory = Payload(part.memory.memory().subspan(count), part.memory.owner());
      }
      return;
    }
    count -= size;
    if (part.ends_answer) --answers_;
    parts_.pop_front();
  }
}

}  // namespace leat::net
