#include "config/docs_page.h"

namespace leat::config {

namespace {

constexpr std::string_view opening = R"(# Configuration

`leatd [file.properties] [--set key=value]...` takes Kafka's names, and a `server.properties` of Kafka works. A later
value of a key wins, so `--set` wins over the file. A setting of Kafka that Leat ignores gives one warning. A key that
nobody knows, a bad value, and a setting that asks for security or storage that Leat cannot honour yet stop the start
with one sentence.

`kafka-configs --alter` and IncrementalAlterConfigs change settings of topics, of a broker (its id) and of all brokers
(the default entity) while the broker runs. They are kept in the metadata log, and come before the file: topic, broker,
all brokers, file, default. What cannot be changed so is refused, and so is a key that nobody knows.

Settings are checked and kept also where the part that they belong to is not there yet. Without effect today: those of
the cleaner, transactions, quotas and other brokers, `preallocate` (a file that grows costs a sync nothing more here),
`offsets.commit.timeout.ms`, `controller.quorum.append.linger.ms` and `background.threads`.

This page is generated from the declarations in `src/config`; a test compares them. To write it anew:
`LEAT_UPDATE_DOCS=1 bin/test_config`.
)";

constexpr std::string_view differing = R"(
## Defaults that differ from Kafka's

| setting | Leat | Kafka | why |
|---|---|---|---|
)";

constexpr std::string_view elsewhere = R"(
An empty log directory is formatted at the first start, where Kafka wants `kafka-storage format`; what an interrupted
format leaves counts as empty. Any other directory without `meta.properties` is never touched. In an embedded broker,
consumers without a committed offset start at the earliest.
)";

constexpr std::string_view broker_opening = R"(
## Broker settings

"Changes" says when a new value takes effect: at the next start; or at once, set for one broker or (cluster-wide) for
all. Threads, listeners and limits of connections change at once in Kafka only.

)";

constexpr std::string_view columns = "| setting | type | default | valid | changes | meaning |\n|---|---|---|---|---|---|\n";

std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string code(std::string_view text) { return text.empty() ? "(empty)" : "`" + cell(text) + "`"; }

std::string fallback_text(const SettingInfo& setting, bool embedded = false) {
  const Value value = fallback_value(setting, embedded);
  return is_set(value) ? code(to_text(value)) : "unset";
}

std::string_view changes(Change change) {
  switch (change) {
    case Change::read_only: return "at start";
    case Change::per_broker: return "per broker";
    case Change::cluster_wide: return "cluster-wide";
    case Change::dynamic: return "at run time";
  }
  return "";
}

std::string difference(const SettingInfo& setting) {
  if (setting.differs_because.empty()) return {};
  std::string row = "| `" + std::string(setting.name) + "` | ";
  // The same number as Kafka's is an upper limit here: the reason says what lowers it.
  if (to_text(fallback_value(setting)) == setting.kafka_fallback) row += "at most ";
  row += fallback_text(setting) + " | ";
  row += setting.kafka_fallback == "none" ? "must be given" : code(setting.kafka_fallback);
  return row + " | " + cell(setting.differs_because) + " |\n";
}

std::string embedded_difference(const SettingInfo& setting) {
  if (!setting.embedded_fallback.is_set()) return {};
  return "| `" + std::string(setting.name) + "` | embedded: " + fallback_text(setting, true) + " | " +
         fallback_text(setting) + " | One process has few groups and wants its first record at once. |\n";
}

std::string inherited_text(const SettingInfo& setting) {
  std::string text;
  for (const Inherited& inherited : setting.inherits)
    if (inherited.setting) text += (text.empty() ? " From `" : ", `") + std::string(inherited.setting->name) + "`";
  return text.empty() ? text : text + ".";
}

std::string row(const SettingInfo& setting) {
  const std::string valid = valid_text(setting);
  std::string text = "| `" + std::string(setting.name) + "` | " + std::string(name(setting.type)) + " | ";
  text += fallback_text(setting);
  if (setting.embedded_fallback.is_set()) text += "; embedded " + fallback_text(setting, true);
  text += " | " + cell(valid) + " | " + std::string(changes(setting.change)) + " | ";
  return text + cell(setting.doc) + inherited_text(setting) + " |\n";
}

}  // namespace

std::string render_docs_page(const SettingTable& table) {
  std::string page(opening);
  page += differing;
  for (const Scope scope : {Scope::broker, Scope::topic})
    for (const SettingInfo* setting : table.all(scope)) page += difference(*setting) + embedded_difference(*setting);
  page += elsewhere;
  page += broker_opening;
  page += columns;
  for (const SettingInfo* setting : table.all(Scope::broker)) page += row(*setting);
  page += "\n## Topic settings\n\nSet with the topic or later. What is not set comes from the broker's settings named last, ";
  page += "the first of them that is set.\n\n";
  page += columns;
  for (const SettingInfo* setting : table.all(Scope::topic)) page += row(*setting);
  return page;
}

}  // namespace leat::config
