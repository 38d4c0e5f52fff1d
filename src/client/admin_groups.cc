#include "client/admin_groups.h"

#include <algorithm>
#include <iterator>

#include "base/errors.h"
#include "client/backoff.h"
#include "client/batch_outcome.h"
#include "client/group_answers.h"
#include "protocol/messages/delete_groups.h"
#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/list_groups.h"
#include "protocol/messages/metadata.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/offset_delete.h"
#include "protocol/messages/offset_fetch.h"

namespace leat::client {
namespace {

/// The last versions at which topics go by name: who names a topic means whichever has the name.
constexpr std::int16_t commit_by_name = 9, fetch_by_name = 9;

Error refused(Errc code, const std::optional<std::string>& message, std::string_view phrase) {
  return wrap({code, message.value_or("")}, phrase);
}

Error another_kind(const char* api) { return {Errc::corrupt, std::string("the answer to ") + api + " is of another kind"}; }

// Unlike the errors of a topic, which might come to be: an administrator wants to hear of those.
bool may_pass(Errc code) {
  switch (code) {
    case Errc::coordinator_load_in_progress:
    case Errc::coordinator_not_available:
    case Errc::not_coordinator:
    case Errc::request_timed_out:
    case Errc::broker_not_available:
    case Errc::network_exception:
    case Errc::disconnected:
    case Errc::timed_out:
      return true;
    default:
      return false;
  }
}

bool is_unsupported(Errc code) { return code == Errc::unsupported_version || code == Errc::unsupported; }

}  // namespace

AdminGroups::AdminGroups(std::shared_ptr<Cluster> cluster, const AdminOptions& options)
    : cluster_(std::move(cluster)), executor_(cluster_->executor()), api_timeout_(options.default_api_timeout),
      retry_backoff_(options.retry_backoff) {}

Result<void> AdminGroups::repeat(Instant deadline, const std::function<Result<void>()>& attempt) {
  for (Backoff backoff(retry_backoff_);;) {
    auto outcome = attempt();
    if (outcome || !may_pass(outcome.error().code) || executor_.now() >= deadline) return outcome;
    Event never;
    executor_.wait(never, std::min(deadline, executor_.now() + backoff.next()));
  }
}

Result<void> AdminGroups::at_coordinator(const std::string& name, Instant deadline,
                                         const std::function<Result<void>(NodeId)>& attempt) {
  return repeat(deadline, [&]() -> Result<void> {
    LEAT_TRY(const ByNode found, coordinators({name}, deadline));
    auto outcome = attempt(found.begin()->first);
    if (!outcome && may_pass(outcome.error().code)) forget(name);
    return outcome;
  });
}

Result<Reply> AdminGroups::ask(NodeId node, const protocol::MessageSchema& schema, const Build& build, Instant deadline,
                               std::int16_t version_max) {
  auto reply = ask_and_wait(*cluster_, node, Lane::coordination, schema, build, deadline, version_max);
  // It may listen elsewhere by now.
  if (!reply && node != no_node && may_pass(reply.error().code)) cluster_->refresh();
  return reply;
}

Result<AdminGroups::ByNode> AdminGroups::coordinators(const Names& names, Instant deadline) {
  Names unknown;
  {
    std::lock_guard lock(mutex_);
    std::ranges::copy_if(names, std::inserter(unknown, unknown.end()), [&](auto& name) { return !known_.contains(name); });
  }
  LEAT_CHECK(look_up(std::move(unknown), deadline));
  ByNode found;
  std::lock_guard lock(mutex_);
  for (const std::string& name : names)
    if (const auto at = known_.find(name); at != known_.end()) found[at->second].push_back(name);
  return found;
}

Result<void> AdminGroups::look_up(Names names, Instant deadline) {
  constexpr std::int16_t several_keys = 4;
  using Response = protocol::FindCoordinatorResponse;
  while (!names.empty()) {
    LEAT_TRY(Reply reply, ask(no_node, protocol::FindCoordinatorRequest::schema(),
                              [&](std::int16_t version) {
                                protocol::FindCoordinatorRequest request;
                                if (version >= several_keys)
                                  request.coordinator_keys.assign(names.begin(), names.end());
                                else
                                  request.key = *names.begin();
                                return protocol::AnyMessage(std::move(request));
                              },
                              deadline));
    auto* answer = reply.get<Response>();
    if (!answer) return another_kind("FindCoordinator");
    if (reply.version < several_keys) {
      Response::Coordinator& only = answer->coordinators.emplace_back();
      only.key = *names.begin();
      only.node_id = answer->node_id;
      only.host = answer->host;
      only.port = answer->port;
      only.error_code = answer->error_code;
      only.error_message = answer->error_message;
    }
    std::size_t answered = 0;
    for (const auto& found : answer->coordinators) {
      if (!names.contains(found.key)) continue;
      if (found.error_code != 0)
        return refused(static_cast<Errc>(found.error_code), found.error_message, "finding the coordinator of group " + found.key);
      cluster_->learn({found.node_id, found.host, found.port});
      std::lock_guard lock(mutex_);
      known_[found.key] = found.node_id;
      answered += names.erase(found.key);
    }
    if (answered == 0) return Error{Errc::corrupt, "the answer to FindCoordinator names none of the groups"};
  }
  return {};
}

void AdminGroups::forget(const std::string& name) {
  std::lock_guard lock(mutex_);
  known_.erase(name);
}

Result<std::vector<NodeId>> AdminGroups::nodes(Instant deadline) {
  LEAT_TRY(Reply reply, ask(no_node, protocol::MetadataRequest::schema(),
                            [](std::int16_t) {
                              protocol::MetadataRequest request;
                              request.topics.emplace();
                              return protocol::AnyMessage(std::move(request));
                            },
                            deadline));
  const auto* answer = reply.get<protocol::MetadataResponse>();
  if (!answer) return another_kind("Metadata");
  std::vector<NodeId> ids;
  for (const auto& broker : answer->brokers) {
    cluster_->learn({broker.node_id, broker.host, broker.port});
    ids.push_back(broker.node_id);
  }
  return ids;
}

Result<std::vector<GroupListing>> AdminGroups::list(const std::vector<std::string>& states) {
  const Instant until = deadline_after(executor_.now(), api_timeout_);
  std::vector<GroupListing> listed;
  LEAT_CHECK(repeat(until, [&]() -> Result<void> {
    listed.clear();
    LEAT_TRY(const auto ids, nodes(until));
    for (const NodeId id : ids) LEAT_CHECK(list_of_node(id, states, until, listed));
    return {};
  }));
  std::ranges::sort(listed, {}, &GroupListing::name);
  // A group that moves while brokers are asked is named by two of them.
  const auto same = std::ranges::unique(listed, {}, &GroupListing::name);
  listed.erase(same.begin(), same.end());
  return listed;
}

Result<void> AdminGroups::list_of_node(NodeId node, const std::vector<std::string>& states, Instant deadline,
                                       std::vector<GroupListing>& listed) {
  LEAT_TRY(Reply reply, ask(node, protocol::ListGroupsRequest::schema(),
                            [&](std::int16_t) {
                              protocol::ListGroupsRequest request;
                              request.states_filter = states;
                              return protocol::AnyMessage(std::move(request));
                            },
                            deadline));
  auto* answer = reply.get<protocol::ListGroupsResponse>();
  if (!answer) return another_kind("ListGroups");
  if (answer->error_code != 0)
    return Error{static_cast<Errc>(answer->error_code), "listing the groups of node " + std::to_string(node)};
  for (auto& group : answer->groups)
    listed.push_back({std::move(group.group_id), std::move(group.group_state), std::move(group.protocol_type),
                      std::move(group.group_type)});
  return {};
}

Result<GroupDescription> AdminGroups::describe(const std::string& name) {
  LEAT_TRY(auto found, describe(std::vector{name}));
  if (found.empty()) return Error{Errc::group_id_not_found, "group " + name};
  return std::move(found.front());
}

Result<std::vector<GroupDescription>> AdminGroups::describe(const std::vector<std::string>& names) {
  const Instant until = deadline_after(executor_.now(), api_timeout_);
  Names pending(names.begin(), names.end());
  std::vector<GroupDescription> found;
  LEAT_CHECK(repeat(until, [&]() -> Result<void> {
    LEAT_TRY(const ByNode by_node, coordinators(pending, until));
    Result<void> outcome;
    for (const auto& [node, of_node] : by_node) {
      auto asked = describe_at(node, of_node, until, pending, found);
      if (asked) continue;
      // The others are asked all the same, so that the next attempt has less to do.
      for (const std::string& name : of_node)
        if (pending.contains(name)) forget(name);
      if (outcome || !may_pass(asked.error().code)) outcome = std::move(asked);
    }
    return outcome;
  }));
  std::ranges::sort(found, {}, &GroupDescription::name);
  return found;
}

Result<void> AdminGroups::note(const std::string& name, Errc error, const std::optional<std::string>& message,
                               Names& pending) {
  if (error == Errc::none || error == Errc::group_id_not_found) {
    pending.erase(name);
    return {};
  }
  return refused(error, message, "describing group " + name);
}

Result<void> AdminGroups::describe_at(NodeId node, const std::vector<std::string>& names, Instant deadline,
                                      Names& pending, std::vector<GroupDescription>& found) {
  LEAT_TRY(Reply reply, ask(node, protocol::DescribeGroupsRequest::schema(),
                            [&](std::int16_t) {
                              protocol::DescribeGroupsRequest request;
                              request.groups = names;
                              return protocol::AnyMessage(std::move(request));
                            },
                            deadline));
  const auto* answer = reply.get<protocol::DescribeGroupsResponse>();
  if (!answer) return another_kind("DescribeGroups");
  Result<void> outcome;
  std::vector<std::string> absent;
  for (const auto& group : answer->groups) {
    const auto error = static_cast<Errc>(group.error_code);
    // One that is not there is said to be dead before version 6, and an error since.
    if (error == Errc::group_id_not_found || (error == Errc::none && group.group_state == "Dead")) {
      absent.push_back(group.group_id);
      continue;
    }
    auto noted = note(group.group_id, error, group.error_message, pending);
    if (!noted) outcome = std::move(noted);
    else found.push_back(read_group(group, node));
  }
  if (!absent.empty()) {
    auto others = describe_new_kind(node, absent, deadline, pending, found);
    if (!others) outcome = std::move(others);
  }
  return outcome;
}

// Groups by KIP-848 are not there for DescribeGroups.
Result<void> AdminGroups::describe_new_kind(NodeId node, const std::vector<std::string>& names, Instant deadline,
                                            Names& pending, std::vector<GroupDescription>& found) {
  auto reply = ask(node, protocol::ConsumerGroupDescribeRequest::schema(),
                   [&](std::int16_t) {
                     protocol::ConsumerGroupDescribeRequest request;
                     request.group_ids = names;
                     return protocol::AnyMessage(std::move(request));
                   },
                   deadline);
  if (!reply && is_unsupported(reply.error().code)) {
    for (const std::string& name : names) pending.erase(name);
    return {};
  }
  if (!reply) return std::move(reply).error();
  const auto* answer = reply->get<protocol::ConsumerGroupDescribeResponse>();
  if (!answer) return another_kind("ConsumerGroupDescribe");
  Result<void> outcome;
  for (const auto& group : answer->groups) {
    auto error = static_cast<Errc>(group.error_code);
    // Where the protocol is switched off, all of it is refused.
    if (is_unsupported(error)) error = Errc::group_id_not_found;
    auto noted = note(group.group_id, error, group.error_message, pending);
    if (!noted) outcome = std::move(noted);
    else if (error == Errc::none) found.push_back(read_group(group, node));
  }
  return outcome;
}

Result<Offsets> AdminGroups::offsets(const std::string& name) {
  constexpr std::int16_t several_groups = 8;
  const Instant until = deadline_after(executor_.now(), api_timeout_);
  Offsets offsets;
  LEAT_CHECK(at_coordinator(name, until, [&](NodeId node) -> Result<void> {
    LEAT_TRY(Reply reply, ask(node, protocol::OffsetFetchRequest::schema(),
                              [&](std::int16_t version) {
                                protocol::OffsetFetchRequest request;
                                if (version >= several_groups) {
                                  auto& group = request.groups.emplace_back();
                                  group.group_id = name;
                                  group.topics = std::nullopt;
                                } else {
                                  request.group_id = name;
                                  request.topics = std::nullopt;
                                }
                                return protocol::AnyMessage(std::move(request));
                              },
                              until, fetch_by_name));
    auto read = read_offsets(reply);
    // Some versions say so of a group that has nothing committed.
    if (!read && read.error().code == Errc::group_id_not_found) return {};
    if (!read) return wrap(std::move(read).error(), "asking for the offsets of group " + name);
    offsets = std::move(read).value();
    return {};
  }));
  return offsets;
}

Result<void> AdminGroups::remove(const std::string& name) {
  const Instant until = deadline_after(executor_.now(), api_timeout_);
  bool may_be_done = false;
  return at_coordinator(name, until, [&](NodeId node) -> Result<void> {
    auto reply = ask(node, protocol::DeleteGroupsRequest::schema(),
                     [&](std::int16_t) {
                       protocol::DeleteGroupsRequest request;
                       request.groups_names = {name};
                       return protocol::AnyMessage(std::move(request));
                     },
                     until);
    if (!reply) {
      may_be_done |= reply.error().code == Errc::disconnected || reply.error().code == Errc::timed_out;
      return std::move(reply).error();
    }
    const auto* answer = reply->get<protocol::DeleteGroupsResponse>();
    if (!answer || answer->results.empty()) return Error{Errc::corrupt, "the answer to DeleteGroups names no group"};
    const auto error = static_cast<Errc>(answer->results.front().error_code);
    if (error == Errc::none || (error == Errc::group_id_not_found && may_be_done)) return {};
    return Error{error, "deleting group " + name};
  });
}

Result<void> AdminGroups::commit(const std::string& name, const Offsets& offsets) {
  if (offsets.empty()) return {};
  const Instant until = deadline_after(executor_.now(), api_timeout_);
  return at_coordinator(name, until, [&](NodeId node) -> Result<void> {
    LEAT_TRY(Reply reply, ask(node, protocol::OffsetCommitRequest::schema(),
                              [&](std::int16_t) {
                                protocol::OffsetCommitRequest request;
                                request.group_id = name;
                                for (const auto& [partition, committed] : offsets) {
                                  if (request.topics.empty() || request.topics.back().name != partition.topic)
                                    request.topics.emplace_back().name = partition.topic;
                                  auto& one = request.topics.back().partitions.emplace_back();
                                  one.partition_index = partition.partition;
                                  one.committed_offset = committed.offset;
                                  one.committed_leader_epoch = committed.leader_epoch;
                                  one.committed_metadata = committed.metadata;
                                }
                                return protocol::AnyMessage(std::move(request));
                              },
                              until, commit_by_name));
    const auto* answer = reply.get<protocol::OffsetCommitResponse>();
    if (!answer) return another_kind("OffsetCommit");
    for (const auto& topic : answer->topics)
      for (const auto& partition : topic.partitions)
        if (partition.error_code != 0)
          return Error{static_cast<Errc>(partition.error_code),
                       "committing " + TopicPartition{topic.name, partition.partition_index}.to_string() + " for group " + name};
    return {};
  });
}

Result<void> AdminGroups::remove_offsets(const std::string& name, const std::vector<TopicPartition>& partitions) {
  const std::set<TopicPartition> wanted(partitions.begin(), partitions.end());
  if (wanted.empty()) return {};
  const Instant until = deadline_after(executor_.now(), api_timeout_);
  return at_coordinator(name, until, [&](NodeId node) -> Result<void> {
    LEAT_TRY(Reply reply, ask(node, protocol::OffsetDeleteRequest::schema(),
                              [&](std::int16_t) {
                                protocol::OffsetDeleteRequest request;
                                request.group_id = name;
                                for (const TopicPartition& partition : wanted) {
                                  if (request.topics.empty() || request.topics.back().name != partition.topic)
                                    request.topics.emplace_back().name = partition.topic;
                                  request.topics.back().partitions.emplace_back().partition_index = partition.partition;
                                }
                                return protocol::AnyMessage(std::move(request));
                              },
                              until));
    const auto* answer = reply.get<protocol::OffsetDeleteResponse>();
    if (!answer) return another_kind("OffsetDelete");
    const std::string phrase = "deleting offsets of group " + name;
    if (answer->error_code != 0) return Error{static_cast<Errc>(answer->error_code), phrase};
    for (const auto& topic : answer->topics)
      for (const auto& partition : topic.partitions)
        if (partition.error_code != 0)
          return Error{static_cast<Errc>(partition.error_code),
                       phrase + ": " + TopicPartition{topic.name, partition.partition_index}.to_string()};
    return {};
  });
}

}  // namespace leat::client
