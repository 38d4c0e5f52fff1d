#pragma once

#include <leat/result.h>

#include <CLI/CLI.hpp>
#include <functional>

namespace leat::cli {

/// What the chosen command does once the whole line is understood: its exit status, or what went wrong.
using Action = std::function<Result<int>()>;

/// Each adds a command, or several, below `parent`; the one that is chosen sets `action`, which must outlive `parent`.
void add_topic_create(CLI::App& parent, Action& action);
void add_topic_delete(CLI::App& parent, Action& action);
void add_topic_list(CLI::App& parent, Action& action);
void add_topic_alter(CLI::App& parent, Action& action);
void add_topic_delete_records(CLI::App& parent, Action& action);
void add_topic_describe(CLI::App& parent, Action& action);
void add_group_list(CLI::App& parent, Action& action);
void add_group_describe(CLI::App& parent, Action& action);
void add_group_reset(CLI::App& parent, Action& action);
void add_group_delete(CLI::App& parent, Action& action);
void add_cluster_status(CLI::App& parent, Action& action);
void add_produce(CLI::App& parent, Action& action);
void add_consume(CLI::App& parent, Action& action);
void add_log_dump(CLI::App& parent, Action& action);
void add_log_verify(CLI::App& parent, Action& action);
void add_bench_produce(CLI::App& parent, Action& action);
void add_bench_consume(CLI::App& parent, Action& action);
void add_bench_latency(CLI::App& parent, Action& action);
void add_bench_replay(CLI::App& parent, Action& action);
void add_bench_drain(CLI::App& parent, Action& action);

}  // namespace leat::cli
