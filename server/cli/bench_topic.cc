#include "bench_topic.h"

#include "base/errors.h"

namespace leat::cli {

Result<void> BenchTopic::prepare(const Session& session) const {
  if (create) {
    auto created = session.admin().create_topic(name, options);
    if (!created && created.error().code != Errc::topic_already_exists) return created;
    return {};
  }
  auto found = session.admin().describe_topic(name);
  if (!found && found.error().code == Errc::unknown_topic_or_partition)
    return Error{Errc::not_found, "there is no topic " + name + "; --create makes it"};
  LEAT_CHECK(std::move(found));
  return {};
}

void add_bench_topic(CLI::App& command, BenchTopic& topic) {
  command.add_option("--topic", topic.name, "Where to")->required()->type_name("NAME");
  auto* create = command.add_flag("--create", topic.create, "Create the topic if it is not there");
  command.add_option("--partitions", topic.options.partitions, "Of the created topic")
      ->needs(create)
      ->check(CLI::PositiveNumber)
      ->capture_default_str()
      ->type_name("N");
  command.add_option("--replication-factor", topic.options.replication_factor, "Of the created topic")
      ->needs(create)
      ->check(CLI::PositiveNumber)
      ->type_name("N");
}

}  // namespace leat::cli
