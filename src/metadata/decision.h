#pragma once

#include <utility>

#include "metadata/records.h"

namespace leat::metadata {

/// What an operation comes to: the records to append as one batch (none: nothing happens), and the answer
/// once they are durable.
template <class Response>
struct Decision {
  Records records;
  Response response;
};

}  // namespace leat::metadata
