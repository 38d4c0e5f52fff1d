#include <memory>

#include "base/errors.h"
#include "command.h"
#include "output.h"
#include "session.h"

namespace leat::cli {
namespace {

struct AlterOptions {
  Target target;
  std::string name;
  std::vector<std::string> set, unset;
};

Error no_topic(const std::string& name) {
  return {Errc::not_found, "there is no topic " + name + "; leat topic list shows those there are"};
}

Result<int> alter(const AlterOptions& options) {
  std::map<std::string, std::optional<std::string>> configs;
  for (const std::string& config : options.set) {
    const auto equals = config.find('=');
    if (equals == std::string::npos || equals == 0)
      return Error{Errc::invalid_argument, "--set " + config + " is not KEY=VALUE, such as retention.ms=3600000"};
    configs[config.substr(0, equals)] = config.substr(equals + 1);
  }
  for (const std::string& key : options.unset)
    if (!configs.emplace(key, std::nullopt).second)
      return Error{Errc::invalid_argument, key + " is both set and unset"};
  if (configs.empty()) return Error{Errc::invalid_argument, "nothing to change: give --set KEY=VALUE or --unset KEY"};
  LEAT_TRY(const auto session, Session::open(options.target));
  auto altered = session->admin().alter_topic(options.name, configs);
  if (!altered && altered.error().code == Errc::unknown_topic_or_partition) return no_topic(options.name);
  LEAT_CHECK(std::move(altered));
  return 0;
}

struct DeleteRecordsOptions {
  Target target;
  std::string name;
  std::optional<std::int32_t> partition;
  std::optional<std::int64_t> before;
  bool all = false;
};

Result<int> delete_records(const DeleteRecordsOptions& options) {
  if (options.before.has_value() == options.all)
    return Error{Errc::invalid_argument, "say which records: --before OFFSET or --all"};
  if (options.before && !options.partition)
    return Error{Errc::invalid_argument, "offsets are those of one partition: give --partition with --before"};
  LEAT_TRY(const auto session, Session::open(options.target));
  auto topic = session->admin().describe_topic(options.name);
  if (!topic && topic.error().code == Errc::unknown_topic_or_partition) return no_topic(options.name);
  if (!topic) return std::move(topic).error();
  Output output;
  for (const PartitionDescription& partition : topic->partitions) {
    if (options.partition && partition.partition != *options.partition) continue;
    LEAT_TRY(const std::int64_t first,
             session->admin().delete_records(options.name, partition.partition, options.before));
    output.buffer() += options.name + "-" + std::to_string(partition.partition) + " starts at " +
                       std::to_string(first) + "\n";
  }
  if (output.buffer().empty())
    return Error{Errc::not_found, options.name + " has no partition " + std::to_string(*options.partition)};
  LEAT_CHECK(output.flush());
  return 0;
}

}  // namespace

void add_topic_alter(CLI::App& parent, Action& action) {
  auto options = std::make_shared<AlterOptions>();
  auto* command = parent.add_subcommand("alter", "Change settings of a topic while it is used");
  command->add_option("NAME", options->name, "Its name")->required()->type_name("");
  command->add_option("-s,--set", options->set, "Give a setting of Kafka's a value; may be repeated")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command->add_option("-u,--unset", options->unset, "Have the broker's setting hold again; may be repeated")
      ->allow_extra_args(false)
      ->type_name("KEY");
  add_target(*command, options->target);
  command->footer(
      "All changes are made, or none. Settings that are not named stay as they are.\n\n"
      "Example:\n  leat topic alter orders --set retention.ms=3600000 --unset segment.ms");
  command->callback([options, &action] { action = [options] { return alter(*options); }; });
}

void add_topic_delete_records(CLI::App& parent, Action& action) {
  auto options = std::make_shared<DeleteRecordsOptions>();
  auto* command = parent.add_subcommand("delete-records", "Delete the oldest records of a topic");
  command->add_option("NAME", options->name, "Its name")->required()->type_name("");
  command->add_option("-p,--partition", options->partition, "Only of this partition")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  command->add_option("--before", options->before, "Those below this offset")
      ->check(CLI::NonNegativeNumber)
      ->type_name("OFFSET");
  command->add_flag("--all", options->all, "All there are");
  add_target(*command, options->target);
  command->footer(
      "Prints where each partition starts then. Their files go when no record in them is left.\n\n"
      "Examples:\n"
      "  leat topic delete-records orders --partition 0 --before 1000\n"
      "  leat topic delete-records orders --all");
  command->callback([options, &action] { action = [options] { return delete_records(*options); }; });
}

}  // namespace leat::cli
