#pragma once

#include <leat/bytes.h>
#include <leat/result.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/errors.h"
#include "client/channels.h"
#include "protocol/headers.h"

namespace leat::cli {

/// A connection that takes whole frames and gives answers out of one buffer, so that a benchmark costs little beside its
/// system calls. Blocking. Not thread-safe.
class RawLink {
 public:
  /// `timeout`: of this call, and of every later one that waits for the broker.
  static Result<RawLink> connect(const client::NodeAddress& to, std::chrono::seconds timeout);
  RawLink(RawLink&& other) noexcept;
  RawLink& operator=(RawLink&&) = delete;
  ~RawLink();

  Result<void> send(Bytes frame);
  /// The next answer, to a `Request` of that version. Its payloads are valid until the next call.
  template <protocol::Message Response>
  Result<Response> receive(std::int16_t version) {
    LEAT_TRY(const Bytes frame, receive_frame());
    std::size_t body_at = 0;
    LEAT_CHECK(protocol::decode_response_header(Response::schema(), version, frame, body_at));
    return protocol::decode<Response>(frame.subspan(body_at), version);
  }

 private:
  RawLink(int socket, std::string name) : socket_(socket), name_(std::move(name)) {}
  Result<Bytes> receive_frame();
  /// Until `size` bytes are there behind begin_.
  Result<void> fill(std::size_t size);
  Error failed(const char* call) const;

  int socket_;
  std::string name_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0, end_ = 0;
};

}  // namespace leat::cli
