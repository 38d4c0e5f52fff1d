#include "config/broker_config.h"
#include "config/broker_settings.h"
#include "config/coordinator_settings.h"
#include "config/log_settings.h"
#include "config/properties.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace leat::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Result<BrokerConfig> parse(std::string_view text, Face face = Face::daemon) {
  return BrokerConfig::parse(parse_properties(text, "server.properties"), face);
}

const ConfigRow& row_of(const std::vector<ConfigRow>& rows, std::string_view name) {
  return *std::ranges::find(rows, name, &ConfigRow::name);
}

TEST(BrokerConfig, NeedsNoSettings) {
  const BrokerConfig config = parse("").value();
  EXPECT_EQ(config.get(node_id), 1);
  EXPECT_EQ(config.get(log_flush_interval_messages), 1);
  EXPECT_EQ(config.get(offsets_topic_num_partitions), 50);
  EXPECT_EQ(config.find(log_retention_ms), std::nullopt);
  EXPECT_EQ(config.source(node_id), Source::fallback);
  EXPECT_THAT(config.listeners(), ElementsAre(Listener{"PLAINTEXT", "127.0.0.1", 9092}));
  EXPECT_EQ(config.advertised_listeners(), config.listeners());
  EXPECT_THAT(config.warnings(), IsEmpty());
}

TEST(BrokerConfig, HasItsOwnDefaultsInsideAnApplication) {
  const BrokerConfig config = parse("", Face::embedded).value();
  EXPECT_EQ(config.get(offsets_topic_num_partitions), 1);
  EXPECT_EQ(config.get(group_initial_rebalance_delay_ms), 0);
  EXPECT_EQ(parse("offsets.topic.num.partitions=7", Face::embedded).value().get(offsets_topic_num_partitions), 7);
}

constexpr std::string_view stock = R"(# What comes with Kafka 4.
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:9093
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
inter.broker.listener.name=PLAINTEXT
advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
log.dirs=/tmp/kraft-combined-logs
num.partitions=1
num.recovery.threads.per.data.dir=1
offsets.topic.replication.factor=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
#log.flush.interval.messages=10000
log.retention.hours=168
#log.retention.bytes=1073741824
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
)";

TEST(BrokerConfig, TakesTheFileThatComesWithKafka) {
  const BrokerConfig config = parse(stock).value();
  EXPECT_THAT(config.listeners(), ElementsAre(Listener{"PLAINTEXT", "", 9092}));
  EXPECT_THAT(config.advertised_listeners(), ElementsAre(Listener{"PLAINTEXT", "localhost", 9092}));
  EXPECT_THAT(config.controller_listeners(), ElementsAre(Listener{"CONTROLLER", "", 9093}));
  EXPECT_THAT(config.advertised_controller_listeners(), ElementsAre(Listener{"CONTROLLER", "localhost", 9093}));
  EXPECT_EQ(config.inter_broker_listener(), "PLAINTEXT");
  EXPECT_THAT(config.log_dirs(), ElementsAre("/tmp/kraft-combined-logs"));
  EXPECT_EQ(config.metadata_log_dir(), "/tmp/kraft-combined-logs");
  EXPECT_EQ(config.get(offsets_topic_replication_factor), 1);
  EXPECT_EQ(config.source(offsets_topic_replication_factor), Source::static_broker);
  EXPECT_THAT(config.warnings(),
              ElementsAre(StartsWith("server.properties:19: share.coordinator.state.topic.replication.factor is ignored"),
                          HasSubstr("share.coordinator.state.topic.min.isr")));
}

TEST(BrokerConfig, ASingleNodeIsBothAndAsksNobody) {
  const BrokerConfig config = parse("").value();
  EXPECT_TRUE(config.is_broker());
  EXPECT_TRUE(config.is_controller());
  EXPECT_THAT(config.controller_listeners(), IsEmpty());
  EXPECT_THAT(config.quorum_servers(), IsEmpty());
}

TEST(BrokerConfig, ABrokerIsToldWhereControllersAre) {
  const BrokerConfig config = parse("process.roles=broker\ncontroller.quorum.bootstrap.servers=a:1, [::1]:2").value();
  EXPECT_TRUE(config.is_broker());
  EXPECT_FALSE(config.is_controller());
  EXPECT_THAT(config.quorum_servers(), ElementsAre(Listener{"CONTROLLER", "a", 1}, Listener{"CONTROLLER", "::1", 2}));
}

TEST(BrokerConfig, TheVotersSayItTooAndAreTheStronger) {
  const BrokerConfig config =
      parse("process.roles=broker\nnode.id=4\ncontroller.quorum.bootstrap.servers=z:1\n"
            "controller.quorum.voters=1@a:1,2@b:2,3@c:3").value();
  EXPECT_THAT(config.quorum_servers(),
              ElementsAre(Listener{"CONTROLLER", "a", 1}, Listener{"CONTROLLER", "b", 2}, Listener{"CONTROLLER", "c", 3}));
}

TEST(BrokerConfig, AControllerOpensItsListenersOnly) {
  const BrokerConfig config = parse("process.roles=controller\nlisteners=CONTROLLER://:9093").value();
  EXPECT_FALSE(config.is_broker());
  EXPECT_THAT(config.listeners(), IsEmpty());
  EXPECT_THAT(config.controller_listeners(), ElementsAre(Listener{"CONTROLLER", "", 9093}));
}

TEST(BrokerConfig, LetsTheLastOfAKeyWin) {
  auto properties = parse_properties("num.partitions=2\nnum.partitions=3", "f");
  EXPECT_EQ(BrokerConfig::parse(properties).value().get(num_partitions), 3);
  properties.push_back(parse_assignment("num.partitions=4"));
  EXPECT_EQ(BrokerConfig::parse(properties).value().get(num_partitions), 4);
}

TEST(BrokerConfig, WarnsOnceAboutAnIgnoredKey) {
  EXPECT_THAT(parse("log.cleaner.threads=1\nlog.cleaner.threads=2").value().warnings(),
              ElementsAre(AllOf(HasSubstr("server.properties:2"), HasSubstr("log.cleaner.threads is ignored"))));
}

TEST(BrokerConfig, TakesBrokerIdAsNodeId) {
  EXPECT_EQ(parse("broker.id=7").value().get(node_id), 7);
  EXPECT_EQ(parse("broker.id=7\nnode.id=7").value().get(node_id), 7);
  EXPECT_EQ(parse("node.id=7\nbroker.id=-1").value().get(node_id), 7);
}

TEST(BrokerConfig, PrefersLogDirsToLogDir) {
  EXPECT_THAT(parse("log.dir=/a").value().log_dirs(), ElementsAre("/a"));
  EXPECT_THAT(parse("log.dir=/a\nlog.dirs=/b, /c").value().log_dirs(), ElementsAre("/b", "/c"));
  EXPECT_EQ(parse("log.dirs=/b,/c\nmetadata.log.dir=/m").value().metadata_log_dir(), "/m");
}

TEST(BrokerConfig, TakesSecurityKeysThatAskForNothing) {
  for (const char* line : {"authorizer.class.name=", "security.inter.broker.protocol=PLAINTEXT", "ssl.client.auth=none",
                           "remote.log.storage.system.enable=false", "sasl.enabled.mechanisms=GSSAPI"})
    EXPECT_TRUE(parse(line).has_value()) << line;
}

TEST(BrokerConfig, AdvertisesWhatIsReachable) {
  EXPECT_THAT(parse("listeners=PLAINTEXT://0.0.0.0:0").value().advertised_listeners(),
              ElementsAre(Listener{"PLAINTEXT", "", 0}));
  const auto config = parse("listeners=IN://:1,OUT://[::1]:2\nadvertised.listeners=out://example.org:3\n"
                            "listener.security.protocol.map=in:plaintext,OUT:PLAINTEXT").value();
  EXPECT_THAT(config.advertised_listeners(), ElementsAre(Listener{"IN", "", 1}, Listener{"OUT", "example.org", 3}));
}

struct Bad {
  const char* text;
  const char* says;
};

TEST(BrokerConfig, RefusesWithASentenceThatSaysWhatToDo) {
  for (const Bad& row : {
           // Nobody's keys.
           Bad{"log.segment.byte=1048576", "did you mean \"log.segment.bytes\"?"},
           Bad{"num.partitons=3", "did you mean \"num.partitions\"?"},
           Bad{"Node.id=3", "did you mean \"node.id\"?"},
           Bad{"log.cleaner.thread=3", "did you mean \"log.cleaner.threads\"?"},
           Bad{"frobnicate=3", "remove it or correct its name"},
           Bad{"=3", "no key"},
           Bad{"retention.ms=3", "the broker's is \"log.retention.ms\""},
           Bad{"segment.bytes=3", "the broker's is \"log.segment.bytes\""},
           Bad{"zookeeper.connect=localhost:2181", "gone since Kafka 4.0"},
           Bad{"log.message.format.version=3.0", "gone since Kafka 4.0"},
           // What must not be ignored.
           Bad{"authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer", "authorization"},
           Bad{"super.users=User:admin", "authorization"},
           Bad{"ssl.keystore.location=/k", "TLS"},
           Bad{"ssl.client.auth=required", "TLS"},
           Bad{"ssl.keystore.lokation=/k", "TLS"},
           Bad{"sasl.enabled.mechanisms=PLAIN", "SASL"},
           Bad{"remote.log.storage.system.enable=true", "tiered storage"},
           Bad{"remote.log.reader.threads=3", "tiered storage"},
           Bad{"security.providers=x.Y", "security provider"},
           Bad{"security.inter.broker.protocol=SASL_SSL", "SASL_SSL"},
           Bad{"listener.name.internal.ssl.keystore.location=/k", "one listener"},
           Bad{"delegation.token.secret.key=s", "delegation tokens"},
           Bad{"create.topic.policy.class.name=x.Y", "policy"},
           Bad{"listeners=SSL://:9092", "SSL, which Leat cannot honour"},
           Bad{"listeners=A://:9092\nlistener.security.protocol.map=A:SASL_PLAINTEXT", "SASL_PLAINTEXT"},
           // Bad values.
           Bad{"num.partitions=0", "num.partitions is \"0\", but must be a whole number from 1 to 2147483647"},
           Bad{"num.partitions=many", "whole number"},
           Bad{"num.partitions=", "whole number"},
           Bad{"node.id=-1", "from 0"},
           Bad{"log.segment.bytes=1048575", "from 1048576"},
           Bad{"log.segment.bytes=2147483648", "to 2147483647"},
           Bad{"log.retention.hours=0", "or -1"},
           Bad{"log.retention.ms=0", "or -1"},
           Bad{"auto.create.topics.enable=yes", "true or false"},
           Bad{"compression.type=brotli", "uncompressed, zstd, lz4, snappy, gzip, producer"},
           Bad{"log.cleanup.policy=delete,compress", "compact, delete"},
           Bad{"log.cleaner.threads=two", "whole number"},
           Bad{"offsets.topic.replication.factor=40000", "to 32767"},
           Bad{"log.cleaner.min.cleanable.ratio=2", "from 0 to 1"},
           // What contradicts.
           Bad{"process.roles=broker", "set controller.quorum.bootstrap.servers"},
           Bad{"process.roles=controller", "listeners has PLAINTEXT"},
           Bad{"process.roles=broker\ncontroller.quorum.bootstrap.servers=a:1\nlisteners=A://a:1,CONTROLLER://a:2\n"
               "listener.security.protocol.map=A:PLAINTEXT", "listeners has CONTROLLER"},
           Bad{"process.roles=zookeeper", "broker, controller"},
           Bad{"broker.id=1\nnode.id=2", "remove broker.id"},
           Bad{"controller.quorum.voters=1@a:1,2@b:1,3@c:1", "a quorum has one voter yet"},
           Bad{"controller.quorum.voters=2@localhost:9093", "that is this node, 1@host:port"},
           Bad{"controller.quorum.voters=localhost:9093", "must be id@host:port"},
           Bad{"process.roles=broker\ncontroller.quorum.bootstrap.servers=a", "must be host:port"},
           Bad{"broker.heartbeat.interval.ms=10000", "broker.session.timeout.ms"},
           Bad{"group.min.session.timeout.ms=2000000", "group.max.session.timeout.ms"},
           // Listeners.
           Bad{"listeners=", "at least one"},
           Bad{"listeners=localhost:9092", "no name"},
           Bad{"listeners=PLAINTEXT://localhost", "no port"},
           Bad{"listeners=PLAINTEXT://localhost:", "port"},
           Bad{"listeners=PLAINTEXT://localhost:65536", "0 to 65535"},
           Bad{"listeners=PLAINTEXT://localhost:-1", "0 to 65535"},
           Bad{"listeners=PLAINTEXT://::1:9092", "brackets"},
           Bad{"listeners=PLAINTEXT://[]:9092", "between the brackets"},
           Bad{"listeners=PLAINTEXT://[::1]", "no port"},
           Bad{"listeners=PLAINTEXT://a b:9092", "host"},
           Bad{"listeners=://a:9092", "name"},
           Bad{"listeners=PLAINTEXT://:1,plaintext://:2", "its own name"},
           Bad{"listeners=A://:1,B://:1\nlistener.security.protocol.map=A:PLAINTEXT,B:PLAINTEXT", "its own port"},
           Bad{"listeners=A://:1", "add A:PLAINTEXT to listener.security.protocol.map"},
           Bad{"listeners=CONTROLLER://:9093", "none for clients"},
           Bad{"listener.security.protocol.map=PLAINTEXT", "name:protocol"},
           Bad{"listener.security.protocol.map=PLAINTEXT:TLS", "name:protocol"},
           Bad{"listener.security.protocol.map=A:SSL,a:PLAINTEXT", "twice"},
           Bad{"advertised.listeners=OTHER://a:1", "not one of listeners"},
           Bad{"advertised.listeners=PLAINTEXT://0.0.0.0:1", "nobody can connect"},
           Bad{"advertised.listeners=nonsense", "advertised.listeners"},
           Bad{"inter.broker.listener.name=INTERNAL", "must be one of listeners"}}) {
    const auto config = parse(row.text);
    ASSERT_FALSE(config) << row.text;
    EXPECT_EQ(config.error().code, Errc::invalid_config) << row.text;
    EXPECT_THAT(config.error().context, HasSubstr(row.says)) << row.text;
  }
}

TEST(BrokerConfig, SaysWhereABadKeyStands) {
  EXPECT_THAT(parse("\nnum.partitions=x").error().context, StartsWith("server.properties:2: "));
  const Property property[] = {parse_assignment("num.partitions=x")};
  EXPECT_THAT(BrokerConfig::parse(property).error().context, StartsWith("--set: "));
}

TEST(BrokerConfig, DescribesEveryBrokerSetting) {
  const auto rows = parse("log.flush.interval.messages=10").value().describe();
  const ConfigRow& row = row_of(rows, "log.flush.interval.messages");
  EXPECT_EQ(row.value, "10");
  EXPECT_EQ(row.source, Source::static_broker);
  EXPECT_EQ(row.type, Type::int64);
  EXPECT_FALSE(row.read_only);
  EXPECT_THAT(row.synonyms, ElementsAre(Synonym{"log.flush.interval.messages", "10", Source::static_broker},
                                        Synonym{"log.flush.interval.messages", "1", Source::fallback}));
  EXPECT_EQ(row_of(rows, "broker.rack").value, std::nullopt);
  EXPECT_TRUE(row_of(rows, "node.id").read_only);
  EXPECT_TRUE(std::ranges::is_sorted(rows, {}, &ConfigRow::name));
}

TEST(Listener, IsWrittenAsItIsRead) {
  for (const char* text : {"PLAINTEXT://:9092", "A-B_C.1://host.example:0", "X://[fe80::1%eth0]:65535"})
    EXPECT_EQ(parse_listener(text).value().to_string(), text);
}

}  // namespace
}  // namespace leat::config
