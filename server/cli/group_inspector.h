#pragma once

#include <leat/admin.h>
#include <leat/consumer.h>
#include <leat/result.h>

#include <string>

#include "group_report.h"
#include "session.h"

namespace leat::cli {

/// Looks at groups, again and again with the same connections.
class GroupInspector {
 public:
  explicit GroupInspector(const Session& session);
  /// `not_found`, with what to do about it, when there is no such group.
  Result<GroupReport> look(const std::string& group);

 private:
  Admin admin_;
  Consumer consumer_;
};

Error no_such_group(const std::string& name);

}  // namespace leat::cli
