#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "base/errors.h"
#include "command.h"
#include "group_inspector.h"
#include "group_target.h"
#include "json_writer.h"
#include "output.h"
#include "session.h"
#include "table.h"

namespace leat::cli {
namespace {

struct ResetOptions {
  Target target;
  std::string group;
  std::vector<std::string> topics;
  bool all_topics = false;
  std::string to;
  bool dry_run = false;
  bool json = false;
};

/// "orders" or "orders:0,2"; no numbers are all partitions.
struct TopicChoice {
  std::string topic;
  std::vector<std::int32_t> partitions;

  static Result<TopicChoice> parse(const std::string& text);
};

/// One partition's move.
struct Move {
  TopicPartition id;
  std::optional<std::int64_t> before;
  std::int64_t after = 0;
  std::int64_t end = 0;
  std::string note;
};

Result<TopicChoice> TopicChoice::parse(const std::string& text) {
  const Error wrong{Errc::invalid_argument, "--topic " + text + " is not TOPIC or TOPIC:0,2"};
  const auto colon = text.find(':');
  TopicChoice choice{text.substr(0, colon), {}};
  if (choice.topic.empty()) return wrong;
  if (colon == std::string::npos) return choice;
  std::string numbers = text.substr(colon + 1);
  for (std::size_t start = 0; start <= numbers.size();) {
    const auto comma = std::min(numbers.find(',', start), numbers.size());
    const std::string number = numbers.substr(start, comma - start);
    constexpr std::size_t digits_max = 9;
    if (number.empty() || number.size() > digits_max || number.find_first_not_of("0123456789") != std::string::npos)
      return wrong;
    choice.partitions.push_back(std::stoi(number));
    start = comma + 1;
  }
  return choice;
}

/// Finds out what to commit, shows it, and commits it.
class Reset {
 public:
  Reset(const ResetOptions& options, const Session& session)
      : options_(options), session_(session), admin_(session.admin()), consumer_(session.consumer({})) {}

  /// What is committed now, and whether there are members, who would overwrite what is committed for them.
  Result<void> look();
  Result<void> choose(const std::vector<TopicChoice>& choices);
  Result<void> aim(const GroupTarget& target);
  Result<void> commit();
  Result<void> show() const;

 private:
  Result<void> choose_all();
  Result<std::int64_t> wanted(const GroupTarget& target, const Move& move, std::int64_t start) const;
  Error has_members(const std::string& what) const;
  std::string headline() const;
  void append_json(std::string& out) const;

  const ResetOptions& options_;
  const Session& session_;
  Admin admin_;
  Consumer consumer_;
  std::optional<GroupDescription> group_;  ///< nothing: it is new
  Offsets offsets_;
  std::vector<TopicPartition> partitions_;
  std::map<TopicPartition, std::int64_t> by_time_;  ///< where the time was asked for
  std::vector<Move> moves_;
};

Error Reset::has_members(const std::string& what) const {
  return {Errc::non_empty_group, "group " + options_.group + " " + what +
                                     "; stop them first, since members go on from where they are (leat group describe " +
                                     options_.group + " shows who they are, --dry-run what would be done)"};
}

Result<void> Reset::look() {
  auto group = admin_.describe_group(options_.group);
  if (group)
    group_ = std::move(group).value();
  else if (group.error().code != Errc::group_id_not_found)
    return std::move(group).error();
  if (group_ && !group_->members.empty() && !options_.dry_run)
    return has_members("has " + counted(static_cast<std::int64_t>(group_->members.size()), "member"));
  LEAT_TRY(offsets_, admin_.group_offsets(options_.group));
  return {};
}

Result<void> Reset::choose(const std::vector<TopicChoice>& choices) {
  if (options_.all_topics) return choose_all();
  std::set<TopicPartition> chosen;
  for (const TopicChoice& choice : choices) {
    LEAT_TRY(const TopicDescription topic, session_.find_topic(choice.topic));
    for (const std::int32_t number : choice.partitions)
      if (!std::ranges::count(topic.partitions, number, &PartitionDescription::partition))
        return Error{Errc::not_found, "topic " + topic.name + " has no partition " + std::to_string(number) +
                                          "; its partitions are 0 to " + std::to_string(topic.partitions.size() - 1)};
    for (const PartitionDescription& partition : topic.partitions) {
      if (!choice.partitions.empty() && !std::ranges::count(choice.partitions, partition.partition)) continue;
      chosen.insert({topic.name, partition.partition});
    }
  }
  partitions_.assign(chosen.begin(), chosen.end());
  return {};
}

// Whole topics: a partition that nothing was committed for would go on from somewhere else.
Result<void> Reset::choose_all() {
  std::set<std::string> names;
  for (const auto& [id, committed] : offsets_) names.insert(id.topic);
  LEAT_TRY(const auto topics, admin_.topics());
  for (const TopicDescription& topic : topics)
    if (names.contains(topic.name))
      for (const PartitionDescription& partition : topic.partitions) partitions_.push_back({topic.name, partition.partition});
  if (partitions_.empty() && !group_) return no_such_group(options_.group);
  if (partitions_.empty())
    return Error{Errc::not_found, "group " + options_.group + " has committed nothing, so --all-topics are none; name them with --topic"};
  return {};
}

Result<std::int64_t> Reset::wanted(const GroupTarget& target, const Move& move, std::int64_t start) const {
  using Kind = GroupTarget::Kind;
  switch (target.kind) {
    case Kind::earliest: return start;
    case Kind::latest: return move.end;
    case Kind::offset: return target.value;
    case Kind::timestamp: return by_time_.at(move.id);
    case Kind::shift: break;
  }
  if (!move.before)
    return Error{Errc::not_found, "group " + options_.group + " has committed nothing for " + move.id.to_string() +
                                      " to move from by --to " + options_.to + "; choose an offset, or other partitions with --topic"};
  return shifted(*move.before, target.value);
}

Result<void> Reset::aim(const GroupTarget& target) {
  LEAT_TRY(const auto starts, consumer_.beginning_offsets(partitions_));
  LEAT_TRY(const auto ends, consumer_.end_offsets(partitions_));
  if (target.kind == GroupTarget::Kind::timestamp) {
    std::map<TopicPartition, std::int64_t> times;
    for (const TopicPartition& id : partitions_) times[id] = target.value;
    LEAT_TRY(const auto found, consumer_.offsets_for_time(times));
    for (const auto& [id, position] : found) by_time_[id] = position ? position->offset : ends.at(id);
  }
  for (const TopicPartition& id : partitions_) {
    Move move{.id = id, .before = std::nullopt, .after = 0, .end = ends.at(id), .note = {}};
    if (const auto at = offsets_.find(id); at != offsets_.end()) move.before = at->second.offset;
    LEAT_TRY(const std::int64_t offset, wanted(target, move, starts.at(id)));
    auto clamped = clamp_offset(offset, starts.at(id), move.end);
    move.after = clamped.offset;
    move.note = std::move(clamped.note);
    moves_.push_back(std::move(move));
  }
  return {};
}

Result<void> Reset::commit() {
  Offsets offsets;
  for (const Move& move : moves_) offsets[move.id].offset = move.after;
  auto committed = admin_.alter_group_offsets(options_.group, offsets);
  if (!committed && committed.error().code == Errc::unknown_member_id) return has_members("has got members meanwhile");
  return committed;
}

std::string Reset::headline() const {
  const std::string partitions = counted(static_cast<std::int64_t>(moves_.size()), "partition");
  std::string text = printable(options_.group) + (group_ ? ": " : " (a new group): ") + partitions;
  if (!options_.dry_run) return text + " reset\n";
  text += " would be reset; nothing is changed\n";
  if (group_ && !group_->members.empty())
    text += "It has " + counted(static_cast<std::int64_t>(group_->members.size()), "member") + ", which must stop first.\n";
  return text;
}

void Reset::append_json(std::string& out) const {
  JsonWriter json(out);
  json.begin_object();
  json.bytes("group", Bytes(std::string_view(options_.group)));
  json.key("dry_run").boolean(options_.dry_run);
  json.key("partitions").begin_array();
  for (const Move& move : moves_) {
    json.begin_object();
    json.key("topic").text(move.id.topic);
    json.key("partition").number(move.id.partition);
    json.key("before");
    if (move.before) json.number(*move.before);
    else json.null();
    json.key("after").number(move.after);
    json.key("lag").number(move.end - move.after);
    if (!move.note.empty()) json.key("note").text(move.note);
    json.end_object();
  }
  json.end_array().end_object();
  out += '\n';
}

Result<void> Reset::show() const {
  Output output;
  if (options_.json) {
    append_json(output.buffer());
  } else {
    output.buffer() += headline();
    std::vector<TableRow> rows = {{"TOPIC", "PARTITION", "BEFORE", "AFTER", "LAG", "NOTE"}};
    for (const Move& move : moves_)
      rows.push_back({move.id.topic, std::to_string(move.id.partition), move.before ? std::to_string(*move.before) : "-",
                      std::to_string(move.after), std::to_string(move.end - move.after), move.note});
    append_table(rows, output.buffer());
  }
  return output.flush();
}

Result<int> reset(const ResetOptions& options) {
  LEAT_TRY(const GroupTarget target, GroupTarget::parse(options.to));
  if (options.topics.empty() && !options.all_topics)
    return Error{Errc::invalid_argument, "which partitions? --topic TOPIC, --topic TOPIC:0,2 or --all-topics"};
  std::vector<TopicChoice> choices;
  for (const std::string& text : options.topics) {
    LEAT_TRY(auto choice, TopicChoice::parse(text));
    choices.push_back(std::move(choice));
  }
  LEAT_TRY(const auto session, Session::open(options.target));
  Reset reset(options, *session);
  LEAT_CHECK(reset.look());
  LEAT_CHECK(reset.choose(choices));
  LEAT_CHECK(reset.aim(target));
  if (!options.dry_run) LEAT_CHECK(reset.commit());
  LEAT_CHECK(reset.show());
  return 0;
}

}  // namespace

void add_group_reset(CLI::App& parent, Action& action) {
  auto options = std::make_shared<ResetOptions>();
  auto* command = parent.add_subcommand("reset", "Set where a group without members goes on");
  command->add_option("GROUP", options->group, "Its name; made if it is not there")->required()->type_name("");
  auto* topics = command->add_option("-t,--topic", options->topics, "A topic, or some partitions of it; may be repeated")
                     ->allow_extra_args(false)
                     ->type_name("TOPIC[:N,...]");
  command->add_flag("--all-topics", options->all_topics, "All topics that the group has committed offsets for")
      ->excludes(topics);
  command->add_option("--to", options->to, "Where to; see below")->required()->type_name("POSITION");
  command->add_flag("-n,--dry-run", options->dry_run, "Only show what would be done");
  command->add_flag("--json", options->json, "A JSON object instead");
  add_target(*command, options->target);
  command->footer(
      "It is done at once and what was committed before is shown, unlike Kafka's tool, which wants --execute; --dry-run\n"
      "shows the same and changes nothing. What is outside of a log becomes its start or end, with a note.\n\n"
      "Positions: earliest, latest, an offset, +N or -N (forwards or backwards from what is committed), @MILLISECONDS since\n"
      "  1970, or a time such as 2026-01-31T12:00:00Z (UTC unless it ends with +02:00): the first record since then\n"
      "\nExamples:\n"
      "  leat group reset billing --topic orders --to earliest --dry-run\n"
      "  leat group reset billing --topic orders:0,2 --to -100\n"
      "  leat group reset billing --all-topics --to 2026-01-31T12:00:00Z");
  command->callback([options, &action] { action = [options] { return reset(*options); }; });
}

}  // namespace leat::cli
