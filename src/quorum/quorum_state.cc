#include "quorum/quorum_state.h"

#include <charconv>
#include <map>
#include <vector>

#include "base/errors.h"

namespace leat::quorum {
namespace {

/// The members of one flat JSON object as raw text: numbers as they stand, strings without their quotes,
/// arrays whole. Enough for this file, whose strings hold no escapes.
class FlatObject {
 public:
  static std::optional<FlatObject> parse(std::string_view text) {
    FlatObject object;
    Cursor at{text};
    if (!at.take('{')) return std::nullopt;
    if (at.take('}')) return object;
    do {
      auto name = at.string();
      if (!name || !at.take(':')) return std::nullopt;
      auto value = at.value();
      if (!value) return std::nullopt;
      object.members_[std::string(*name)] = *value;
    } while (at.take(','));
    if (!at.take('}') || !at.at_end()) return std::nullopt;
    return object;
  }

  std::optional<std::string_view> text(const std::string& name) const {
    auto found = members_.find(name);
    if (found == members_.end()) return std::nullopt;
    return found->second;
  }
  template <class Int>
  std::optional<Int> number(const std::string& name) const {
    auto raw = text(name);
    if (!raw) return std::nullopt;
    Int value{};
    auto [end, error] = std::from_chars(raw->data(), raw->data() + raw->size(), value);
    if (error != std::errc{} || end != raw->data() + raw->size()) return std::nullopt;
    return value;
  }

 private:
  struct Cursor {
    std::string_view rest;

    void skip_space() {
      while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r')) rest.remove_prefix(1);
    }
    bool take(char c) {
      skip_space();
      if (rest.empty() || rest[0] != c) return false;
      rest.remove_prefix(1);
      return true;
    }
    bool at_end() {
      skip_space();
      return rest.empty();
    }
    std::optional<std::string_view> upto(std::size_t size, std::size_t skip) {
      if (size == std::string_view::npos) return std::nullopt;
      auto taken = rest.substr(0, size);
      rest.remove_prefix(size + skip);
      return taken;
    }
    std::optional<std::string_view> string() {
      if (!take('"')) return std::nullopt;
      return upto(rest.find('"'), 1);
    }
    std::optional<std::string_view> value() {
      skip_space();
      if (rest.empty()) return std::nullopt;
      if (rest[0] == '"') return string();
      if (rest[0] == '[') {
        const auto end = rest.find(']');
        return end == std::string_view::npos ? std::nullopt : upto(end + 1, 0);
      }
      return upto(rest.find_first_of(",} \t\r"), 0);
    }
  };
  std::map<std::string, std::string_view> members_;
};

std::string path_in(const std::string& directory) { return directory + "/quorum-state"; }

}  // namespace

std::string to_text(const QuorumState& state, const std::vector<NodeId>& voters) {
  std::string text = "{";
  if (state.data_version == 0) text += R"("clusterId":"",)";
  text += R"("leaderId":)" + std::to_string(state.leader_id);
  text += R"(,"leaderEpoch":)" + std::to_string(state.leader_epoch);
  text += R"(,"votedId":)" + std::to_string(state.voted_id);
  if (state.data_version == 0) {
    text += R"(,"appliedOffset":0,"currentVoters":[)";
    for (std::size_t i = 0; i < voters.size(); ++i)
      text += (i ? "," : "") + std::string(R"({"voterId":)") + std::to_string(voters[i]) + "}";
    text += "]";
  } else {
    text += R"(,"votedDirectoryId":")" + state.voted_directory_id.to_string() + '"';
  }
  return text + R"(,"data_version":)" + std::to_string(state.data_version) + "}";
}

Result<QuorumState> parse_quorum_state(std::string_view text) {
  const auto bad = [](std::string what) { return Error{Errc::corrupt, "quorum-state: " + std::move(what)}; };
  auto object = FlatObject::parse(text.substr(0, text.find('\n')));
  if (!object) return bad("not a JSON object");

  const auto version = object->number<std::int16_t>("data_version");
  if (!version) return bad("no data_version");
  if (*version < 0 || *version > 1) return bad("data_version " + std::to_string(*version) + " is unknown");
  const auto leader = object->number<NodeId>("leaderId");
  const auto epoch = object->number<LeaderEpoch>("leaderEpoch");
  const auto voted = object->number<NodeId>("votedId");
  if (!leader || !epoch || !voted) return bad("leaderId, leaderEpoch or votedId is missing or not a number");
  if (*epoch < 0) return bad("leaderEpoch is negative");

  QuorumState state{*leader, *epoch, *voted, {}, *version};
  if (*version == 0) {
    if (!object->text("clusterId") || !object->number<std::int64_t>("appliedOffset") ||
        !object->text("currentVoters"))
      return bad("clusterId, appliedOffset or currentVoters is missing");
    return state;
  }
  const auto directory = object->text("votedDirectoryId");
  const auto id = directory ? Uuid::parse(*directory) : std::nullopt;
  if (!id) return bad("votedDirectoryId is missing or not a uuid");
  state.voted_directory_id = *id;
  return state;
}

Result<std::optional<QuorumState>> load_quorum_state(io::Volume& volume, const std::string& directory) {
  auto text = io::read_text(volume, path_in(directory));
  if (!text) {
    if (text.error().code == Errc::not_found) return std::optional<QuorumState>();
    return std::move(text).error();
  }
  auto state = parse_quorum_state(*text);
  if (!state) return wrap(std::move(state).error(), directory);
  return std::optional(*state);
}

Result<void> store_quorum_state(io::Volume& volume, const std::string& directory, const QuorumState& state,
                                const std::vector<NodeId>& voters) {
  return io::replace_text(volume, path_in(directory), to_text(state, voters));
}

}  // namespace leat::quorum
