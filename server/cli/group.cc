#include <map>
#include <memory>

#include "base/errors.h"
#include "command.h"
#include "group_inspector.h"
#include "json_writer.h"
#include "output.h"
#include "session.h"
#include "table.h"

namespace leat::cli {
namespace {

struct ListOptions {
  Target target;
  std::vector<std::string> states;
  bool json = false;
};

/// A group of the list, and what its coordinator says of it; nothing for what is no consumer group (a share group).
struct Listed {
  GroupListing listing;
  const GroupDescription* group = nullptr;
};

std::string protocol_text(const Listed& listed) {
  std::string text = listed.listing.protocol_type;
  if (listed.group && !listed.group->protocol.empty()) text += '/' + listed.group->protocol;
  return text.empty() ? "-" : printable(text);
}

std::string state_text(const Listed& listed) {
  if (!listed.listing.state.empty()) return listed.listing.state;
  return listed.group ? listed.group->state : "-";
}

void append_json(const Listed& listed, std::string& out) {
  JsonWriter json(out);
  json.begin_object();
  json.bytes("name", Bytes(std::string_view(listed.listing.name)));
  json.key("state").text(state_text(listed));
  json.key("type").text(listed.listing.type);
  json.bytes("protocol_type", Bytes(std::string_view(listed.listing.protocol_type)));
  json.key("members");
  if (listed.group) {
    json.number(static_cast<std::int64_t>(listed.group->members.size()));
    json.bytes("assignor", Bytes(std::string_view(listed.group->protocol)));
    json.key("coordinator").number(listed.group->coordinator);
  } else {
    json.null();
  }
  json.end_object();
  out += '\n';
}

Result<int> list(const ListOptions& options) {
  LEAT_TRY(const auto session, Session::open(options.target));
  Admin admin = session->admin();
  LEAT_TRY(const auto listings, admin.list_groups(options.states));
  std::vector<std::string> names;
  for (const GroupListing& listing : listings) names.push_back(listing.name);
  std::vector<GroupDescription> groups;
  if (!names.empty()) {
    LEAT_TRY(groups, admin.describe_groups(names));
  }
  std::map<std::string_view, const GroupDescription*> by_name;
  for (const GroupDescription& group : groups) by_name[group.name] = &group;
  Output output;
  std::vector<TableRow> rows = {{"GROUP", "STATE", "PROTOCOL", "MEMBERS"}};
  for (const GroupListing& listing : listings) {
    const auto found = by_name.find(listing.name);
    const Listed listed{listing, found == by_name.end() ? nullptr : found->second};
    if (options.json)
      append_json(listed, output.buffer());
    else
      rows.push_back({printable(listing.name), state_text(listed), protocol_text(listed),
                      listed.group ? std::to_string(listed.group->members.size()) : "-"});
  }
  if (rows.size() > 1) append_table(rows, output.buffer());
  LEAT_CHECK(output.flush());
  return 0;
}

struct DeleteOptions {
  Target target;
  std::vector<std::string> groups;
};

Error explain(const Error& error, const std::string& group) {
  if (error.code == Errc::group_id_not_found) return no_such_group(group);
  if (error.code == Errc::non_empty_group)
    return {error.code, "group " + group + " has members; leat group describe " + group + " shows who has to stop first"};
  return error;
}

// One that fails does not keep the others; the first failure is told.
Result<int> remove(const DeleteOptions& options) {
  LEAT_TRY(const auto session, Session::open(options.target));
  Admin admin = session->admin();
  std::optional<Error> first;
  std::size_t failures = 0;
  for (const std::string& group : options.groups) {
    const auto deleted = admin.delete_group(group);
    if (deleted) continue;
    ++failures;
    if (!first) first = explain(deleted.error(), group);
  }
  if (!first) return 0;
  if (options.groups.size() == 1) return *first;
  return wrap(*first, std::to_string(failures) + " of " + std::to_string(options.groups.size()) + " groups were not deleted");
}

}  // namespace

void add_group_list(CLI::App& parent, Action& action) {
  auto options = std::make_shared<ListOptions>();
  auto* command = parent.add_subcommand("list", "Show all groups");
  command->add_option("--state", options->states, "Only groups in these states; see below")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->transform(CLI::IsMember(std::vector<std::string>{"Stable", "PreparingRebalance", "CompletingRebalance", "Empty", "Dead",
                                                         "Assigning", "Reconciling"},
                                CLI::ignore_case)
                      .description(""))
      ->type_name("STATE,...");
  command->add_flag("--json", options->json, "A JSON object a group instead");
  add_target(*command, options->target);
  command->footer(
      "States: Stable, Empty, PreparingRebalance, CompletingRebalance, Dead, Assigning, Reconciling\n\n"
      "Examples:\n"
      "  leat group list\n"
      "  leat group list --state empty --json");
  command->callback([options, &action] { action = [options] { return list(*options); }; });
}

void add_group_delete(CLI::App& parent, Action& action) {
  auto options = std::make_shared<DeleteOptions>();
  auto* command = parent.add_subcommand("delete", "Delete groups without members, and all that they have committed");
  command->add_option("GROUP", options->groups, "Their names")->required()->type_name("");
  add_target(*command, options->target);
  command->footer("Example:\n  leat group delete billing billing-test");
  command->callback([options, &action] { action = [options] { return remove(*options); }; });
}

}  // namespace leat::cli
