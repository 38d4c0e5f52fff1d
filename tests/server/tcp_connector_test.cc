#include "net/tcp_connector.h"

#include <gmock/gmock.h>

#include <future>

#include "net_fixture.h"
#include "protocol/headers.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/metadata.h"
#include "protocol/messages/produce.h"

namespace leat::net {
namespace {

using ::testing::HasSubstr;
using namespace protocol;

using Answered = std::future<Result<AnyMessage>>;

template <class T>
Answered send(Channel& channel, T message, std::int16_t version) {
  auto promise = std::make_shared<std::promise<Result<AnyMessage>>>();
  Answered future = promise->get_future();
  channel.send({.version = version, .message = std::move(message), .client_id = "test"},
               [promise](Result<AnyMessage> answer) { promise->set_value(std::move(answer)); });
  return future;
}

// Answers Metadata with one topic, which is named as the one that was asked for.
void answer_metadata(FakeConnection& connection, std::span<std::byte> bytes, std::shared_ptr<const void> owner) {
  std::size_t body_at = 0;
  const RequestHeader header = decode_request_header(Bytes(bytes), body_at).value();
  if (header.request_api_key == 0) return;
  auto request = decode<MetadataRequest>(Bytes(bytes).subspan(body_at), header.request_api_version, owner).value();
  MetadataResponse response;
  response.topics.resize(1);
  response.topics[0].name = request.topics.value()[0].name.value() + " for " + header.client_id.value();
  broker::Outgoing out;
  out.frame = encode_response_frame(response, header.request_api_version, header.correlation_id).value();
  connection.sink(std::move(out));
}

MetadataRequest ask(const std::string& topic) {
  MetadataRequest request;
  request.topics.emplace().resize(1);
  request.topics->front().name = topic;
  return request;
}

std::string topic_of(Answered& answered) {
  auto answer = answered.get().value();
  return answer.get_if<MetadataResponse>()->topics[0].name.value();
}

class TcpConnectorTest : public NetTest {
 protected:
  void TearDown() override {
    channel.reset();
    NetTest::TearDown();
  }
  TcpConnector connector;
  std::shared_ptr<Channel> channel;
};

TEST_F(TcpConnectorTest, AnswersComeToThoseWhoAskedAndInOrder) {
  start(answer_metadata);
  channel = connector.connect("127.0.0.1", port);
  std::vector<Answered> answers;
  for (int i = 0; i < 200; ++i) answers.push_back(send(*channel, ask("t" + std::to_string(i)), i % 2 ? 12 : 5));
  for (int i = 0; i < 200; ++i) ASSERT_EQ(topic_of(answers[i]), "t" + std::to_string(i) + " for test");
}

TEST_F(TcpConnectorTest, AHostMayBeAName) {
  start(answer_metadata);
  channel = connector.connect("localhost", port);
  auto answer = send(*channel, ask("t"), 12);
  EXPECT_EQ(topic_of(answer), "t for test");
}

TEST_F(TcpConnectorTest, WhereNobodyListensTheChannelIsDisconnected) {
  {
    auto gone = open_listeners(std::vector<config::Listener>{{"PLAINTEXT", "127.0.0.1", 0}}, 1).value();
    port = gone[0].listener().port;
  }
  channel = connector.connect("127.0.0.1", port);
  auto answer = send(*channel, ask("t"), 12).get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::disconnected);
  EXPECT_THAT(answer.error().context, HasSubstr("refused"));
  EXPECT_FALSE(send(*channel, ask("t"), 12).get());
}

TEST_F(TcpConnectorTest, WhenTheBrokerClosesAllThatWaitAreTold) {
  start([](FakeConnection& connection, auto, auto) { connection.sink({.close = true}); });
  channel = connector.connect("127.0.0.1", port);
  auto first = send(*channel, ask("t"), 12), second = send(*channel, ask("t"), 12);
  EXPECT_EQ(first.get().error().code, Errc::disconnected);
  EXPECT_EQ(second.get().error().code, Errc::disconnected);
}

TEST_F(TcpConnectorTest, CloseTellsThoseWhoWait) {
  start([](auto&&...) {});
  channel = connector.connect("127.0.0.1", port);
  auto answer = send(*channel, ask("t"), 12);
  channel->close();
  EXPECT_EQ(answer.get().error().code, Errc::disconnected);
}

TEST_F(TcpConnectorTest, AProduceThatWantsNoAnswerGetsAnEmptyOneInItsPlace) {
  start(answer_metadata);
  channel = connector.connect("127.0.0.1", port);
  auto before = send(*channel, ask("before"), 12);
  auto produce = send(*channel, ProduceRequest{.acks = 0}, 9);
  auto after = send(*channel, ask("after"), 12);
  EXPECT_NE(produce.get().value().get_if<ProduceResponse>(), nullptr);
  EXPECT_EQ(topic_of(before), "before for test");
  EXPECT_EQ(topic_of(after), "after for test");
}

TEST_F(TcpConnectorTest, ARefusedVersionOfApiVersionsIsReadAtVersion0) {
  start([](FakeConnection& connection, std::span<std::byte> bytes, auto) {
    std::size_t body_at = 0;
    const RequestHeader header = decode_request_header(Bytes(bytes), body_at).value();
    ApiVersionsResponse response;
    response.error_code = 35;
    broker::Outgoing out;
    out.frame = encode_response_frame(response, 0, header.correlation_id).value();
    connection.sink(std::move(out));
  });
  channel = connector.connect("127.0.0.1", port);
  ApiVersionsRequest request;
  request.client_software_name = request.client_software_version = "x";
  auto answer = send(*channel, request, 4).get().value();
  EXPECT_EQ(answer.get_if<ApiVersionsResponse>()->error_code, 35);
}

TEST_F(TcpConnectorTest, AnAnswerThatNobodyWaitsForEndsTheChannel) {
  start([](FakeConnection& connection, auto, auto) { connection.send("????and more"); });
  channel = connector.connect("127.0.0.1", port);
  EXPECT_EQ(send(*channel, ask("t"), 12).get().error().code, Errc::disconnected);
}

TEST_F(TcpConnectorTest, ARequestThatCannotBeEncodedFailsAlone) {
  start(answer_metadata);
  channel = connector.connect("127.0.0.1", port);
  EXPECT_FALSE(send(*channel, ask("t"), 99).get());
  auto answer = send(*channel, ask("t"), 12);
  EXPECT_EQ(topic_of(answer), "t for test");
}

}  // namespace
}  // namespace leat::net
