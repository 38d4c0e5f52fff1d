#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "base/errors.h"
#include "command.h"
#include "group_inspector.h"
#include "group_text.h"
#include "group_trends.h"
#include "interrupt.h"
#include "output.h"
#include "screen.h"
#include "session.h"
#include "timestamp.h"

namespace leat::cli {
namespace {

using namespace std::chrono_literals;

struct DescribeOptions {
  Target target;
  std::string group;
  bool json = false;
  bool watch = false;
  double interval_s = 2;
};

void wait(std::chrono::steady_clock::time_point until, const Interrupt& interrupt) {
  constexpr auto patience = 50ms;  // what Ctrl-C waits
  for (auto now = std::chrono::steady_clock::now(); now < until && !interrupt.is_set(); now = std::chrono::steady_clock::now())
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(patience, until - now));
}

std::string clock_text() {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  return iso_time(now.time_since_epoch().count());
}

Result<int> watch(const DescribeOptions& options, GroupInspector& inspector) {
  const auto interval = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(options.interval_s));
  // Clients commit every five seconds unless they are told otherwise: less would see them stop and go.
  GroupTrends trends(std::max<std::chrono::nanoseconds>(15s, 5 * interval), std::max<std::chrono::nanoseconds>(15s, 3 * interval));
  const Interrupt interrupt;
  Screen screen;
  Output lines;
  while (!interrupt.is_set()) {
    const auto next = std::chrono::steady_clock::now() + interval;
    LEAT_TRY(GroupReport report, inspector.look(options.group));
    trends.add(std::move(report));
    if (options.json) {
      append_json(trends.now(), &trends, lines.buffer());
      LEAT_CHECK(lines.flush());
    } else {
      std::string text;
      append_text(trends, clock_text(), text);
      LEAT_CHECK(screen.show(text));
    }
    wait(next, interrupt);
  }
  return Interrupt::status;
}

Result<int> describe(const DescribeOptions& options) {
  LEAT_TRY(const auto session, Session::open(options.target));
  GroupInspector inspector(*session);
  if (options.watch) return watch(options, inspector);
  LEAT_TRY(const GroupReport report, inspector.look(options.group));
  Output output;
  if (options.json) append_json(report, nullptr, output.buffer());
  else append_text(report, output.buffer());
  LEAT_CHECK(output.flush());
  return 0;
}

}  // namespace

void add_group_describe(CLI::App& parent, Action& action) {
  auto options = std::make_shared<DescribeOptions>();
  auto* command = parent.add_subcommand("describe", "Show how far a group is, and who reads what");
  command->add_option("GROUP", options->group, "Its name")->required()->type_name("");
  command->add_flag("--json", options->json, "A JSON object instead");
  auto* watch = command->add_flag("-w,--watch", options->watch, "Look again and again, with rates and why it is behind, until Ctrl-C");
  command->add_option("--interval", options->interval_s, "How often --watch looks")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 86'400.0))
      ->needs(watch)
      ->type_name("SECONDS");
  add_target(*command, options->target);
  command->footer(
      "All partitions of the topics that the group has committed offsets for, or wants to read. END is the offset after\n"
      "the last record, LAG what is between the committed offset and END; - where nothing is committed. MEMBER is the\n"
      "instance id, or the member id where there is none.\n\n"
      "With --watch, ARRIVING/S and CONSUMED/S are over the last 15 s or more; CONSUMED/S counts what is committed. The\n"
      "partitions with most before them come first. Where the output is no terminal, each look is a block below the last.\n\n"
      "Examples:\n"
      "  leat group describe billing\n"
      "  leat group describe billing --watch\n"
      "  leat group describe billing --watch --interval 10 --json >> billing.jsonl");
  command->callback([options, &action] { action = [options] { return describe(*options); }; });
}

}  // namespace leat::cli
