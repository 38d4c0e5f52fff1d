#include <signal.h>

#include <cstdio>
#include <exception>
#include <string>

#include "command.h"
#include "sentence.h"

namespace leat::cli {
namespace {

constexpr int failed = 1, not_understood = 2;

void add_commands(CLI::App& leat, Action& action) {
  auto* topic = leat.add_subcommand("topic", "Create, list, describe, alter and delete topics")->require_subcommand(1);
  add_topic_create(*topic, action);
  add_topic_list(*topic, action);
  add_topic_describe(*topic, action);
  add_topic_alter(*topic, action);
  add_topic_delete(*topic, action);
  add_topic_delete_records(*topic, action);
  auto* group = leat.add_subcommand("group", "Consumer groups: who reads, how far, and from where on")->require_subcommand(1);
  add_group_list(*group, action);
  add_group_describe(*group, action);
  add_group_reset(*group, action);
  add_group_delete(*group, action);
  add_produce(leat, action);
  add_consume(leat, action);
  auto* cluster = leat.add_subcommand("cluster", "Look at the nodes of a cluster")->require_subcommand(1);
  add_cluster_status(*cluster, action);
  auto* log = leat.add_subcommand("log", "Look into partition directories, without a broker")->require_subcommand(1);
  add_log_dump(*log, action);
  add_log_verify(*log, action);
  auto* bench = leat.add_subcommand("bench", "Measure a broker, Leat or any other that speaks Kafka's protocol")
                    ->require_subcommand(1);
  add_bench_produce(*bench, action);
  add_bench_consume(*bench, action);
  add_bench_latency(*bench, action);
  add_bench_replay(*bench, action);
  add_bench_drain(*bench, action);
}

// "leat topic create": as far as the line was understood.
const CLI::App& chosen(const CLI::App& app, std::string& words) {
  words.append(words.empty() ? "" : " ").append(app.get_name());
  const auto below = app.get_subcommands();
  return below.empty() ? app : chosen(*below.back(), words);
}

int explain(const CLI::App& leat, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return leat.exit(error);
  std::string words;
  const CLI::App& command = chosen(leat, words);
  const bool lacks_command = !command.get_subcommands([](const CLI::App*) { return true; }).empty();
  const auto extra = command.remaining();
  if (lacks_command && extra.empty()) {
    std::fputs(leat.help().c_str(), stderr);
    return not_understood;
  }
  std::string what = lacks_command ? "there is no command " + extra.front() : error.what();
  while (!what.empty() && (what.back() == '\n' || what.back() == '.')) what.pop_back();
  std::fprintf(stderr, "leat: %s; %s --help shows how\n", what.c_str(), words.c_str());
  return not_understood;
}

int start(int count, char** arguments) {
  // A reader that goes away shows as an error of write().
  signal(SIGPIPE, SIG_IGN);
  Action action;
  CLI::App leat("Topics, records, consumer groups and benchmarks of Leat or any other broker that speaks Kafka's protocol.", "leat");
  leat.set_version_flag("--version", "leat " LEAT_VERSION);
  leat.require_subcommand(1);
  leat.get_formatter()->column_width(34);
  leat.footer(
      "Examples:\n"
      "  leat topic create orders --partitions 3\n"
      "  echo 'alice:2 books' | leat produce orders --key-separator :\n"
      "  leat consume orders --format '%p %o %k %v\\n'\n"
      "  leat group describe billing --watch\n"
      "  leat log dump /var/lib/leat/orders-0 --records\n"
      "  leat bench produce --topic test --create --seconds 10\n"
      "\n"
      "leat COMMAND --help shows more.");
  add_commands(leat, action);
  try {
    leat.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return explain(leat, error);
  }
  const auto status = action();
  if (status) return *status;
  if (is_reader_gone(status.error())) return 0;
  std::fprintf(stderr, "leat: %s\n", sentence(status.error()).c_str());
  return status.error().code == Errc::invalid_argument ? not_understood : failed;
}

}  // namespace
}  // namespace leat::cli

int main(int count, char** arguments) {
  try {
    return leat::cli::start(count, arguments);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "leat: %s\n", failure.what());
    return 1;
  }
}
