#pragma once

#include <leat/admin.h>
#include <leat/result.h>

#include <CLI/CLI.hpp>
#include <string>

#include "session.h"

namespace leat::cli {

/// The topic that a benchmark writes to.
struct BenchTopic {
  std::string name;
  bool create = false;
  TopicOptions options{.partitions = 1};

  /// Creates it where that was asked for; `not_found`, with what to do about it, where it is not there.
  Result<void> prepare(const Session& session) const;
};

/// --topic, --create, --partitions and --replication-factor.
void add_bench_topic(CLI::App& command, BenchTopic& topic);

}  // namespace leat::cli
