#include "record/record_view.h"

#include "record/record_parse.h"

namespace leat::record {

void HeaderRange::Iterator::read() noexcept {
  Bytes key;
  detail::take_bytes(at_, end_, key);
  header_.key = key.text();
  detail::take_bytes(at_, end_, header_.value);
}

}  // namespace leat::record
