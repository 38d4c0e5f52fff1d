#include "base/errors.h"

namespace leat {

Errc to_kafka(Errc code) noexcept {
  if (static_cast<std::int16_t>(code) < 1000) return code;
  switch (code) {
    case Errc::io_error:
    case Errc::disk_full:
    case Errc::not_found: return Errc::kafka_storage_error;
    case Errc::invalid_argument: return Errc::invalid_request;
    case Errc::corrupt: return Errc::corrupt_message;
    case Errc::timed_out: return Errc::request_timed_out;
    case Errc::unsupported: return Errc::unsupported_version;
    case Errc::disconnected: return Errc::network_exception;
    default: return Errc::unknown_server_error;
  }
}

}  // namespace leat
