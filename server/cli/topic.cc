#include <cstdio>
#include <memory>

#include "base/errors.h"
#include "command.h"
#include "json_writer.h"
#include "output.h"
#include "session.h"

namespace leat::cli {
namespace {

struct CreateOptions {
  Target target;
  std::string name;
  TopicOptions topic;
  std::vector<std::string> configs;
};

Result<int> create(CreateOptions& options) {
  for (const std::string& config : options.configs) {
    const auto equals = config.find('=');
    if (equals == std::string::npos || equals == 0)
      return Error{Errc::invalid_argument, "--config " + config + " is not KEY=VALUE, such as retention.ms=3600000"};
    options.topic.configs[config.substr(0, equals)] = config.substr(equals + 1);
  }
  LEAT_TRY(const auto session, Session::open(options.target));
  LEAT_CHECK(session->admin().create_topic(options.name, options.topic));
  return 0;
}

struct DeleteOptions {
  Target target;
  std::string name;
};

Result<int> remove(const DeleteOptions& options) {
  LEAT_TRY(const auto session, Session::open(options.target));
  auto deleted = session->admin().delete_topic(options.name);
  if (!deleted && deleted.error().code == Errc::unknown_topic_or_partition)
    return Error{Errc::not_found, "there is no topic " + options.name + "; leat topic list shows those there are"};
  LEAT_CHECK(std::move(deleted));
  return 0;
}

struct ListOptions {
  Target target;
  bool json = false;
};

Result<int> list(const ListOptions& options) {
  LEAT_TRY(const auto session, Session::open(options.target));
  LEAT_TRY(const auto topics, session->admin().topics());
  Output output;
  for (const TopicDescription& topic : topics) {
    if (options.json) {
      JsonWriter json(output.buffer());
      json.begin_object();
      json.key("name").text(topic.name);
      json.key("id").text(topic.id);
      json.key("internal").boolean(topic.is_internal);
      json.key("partitions").number(static_cast<std::int64_t>(topic.partitions.size()));
      json.end_object();
    } else {
      output.buffer() += topic.name;
    }
    output.buffer() += '\n';
  }
  LEAT_CHECK(output.flush());
  return 0;
}

}  // namespace

void add_topic_create(CLI::App& parent, Action& action) {
  auto options = std::make_shared<CreateOptions>();
  auto* command = parent.add_subcommand("create", "Create a topic");
  command->add_option("NAME", options->name, "Its name")->required()->type_name("");
  command->add_option("--partitions", options->topic.partitions, "How many; as the broker's num.partitions says if not given")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command
      ->add_option("--replication-factor", options->topic.replication_factor,
                   "Copies of each partition; as the broker's default.replication.factor says if not given")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_option("-c,--config", options->configs, "A topic setting of Kafka's; may be repeated")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  add_target(*command, options->target);
  command->footer(
      "Returns when the topic can be produced to.\n\n"
      "Examples:\n"
      "  leat topic create orders --partitions 3\n"
      "  leat topic create users -c cleanup.policy=compact -c segment.ms=3600000");
  command->callback([options, &action] { action = [options] { return create(*options); }; });
}

void add_topic_delete(CLI::App& parent, Action& action) {
  auto options = std::make_shared<DeleteOptions>();
  auto* command = parent.add_subcommand("delete", "Delete a topic and all its records");
  command->add_option("NAME", options->name, "Its name")->required()->type_name("");
  add_target(*command, options->target);
  command->footer("Example:\n  leat topic delete orders");
  command->callback([options, &action] { action = [options] { return remove(*options); }; });
}

void add_topic_list(CLI::App& parent, Action& action) {
  auto options = std::make_shared<ListOptions>();
  auto* command = parent.add_subcommand("list", "Print the names of all topics");
  command->add_flag("--json", options->json, "A JSON object a topic instead");
  add_target(*command, options->target);
  command->footer("Examples:\n  leat topic list\n  leat topic list --json -b broker-1:9092");
  command->callback([options, &action] { action = [options] { return list(*options); }; });
}

}  // namespace leat::cli
