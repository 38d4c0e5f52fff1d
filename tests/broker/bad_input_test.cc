#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "base/crc32c.h"
#include "broker/api_table.h"
#include "protocol/headers.h"
#include "protocol/messages/api_versions.h"
#include "protocol/schema_index.h"
#include "sim/disk.h"
#include "sim/scheduler.h"
#include "world.h"

/// What bytes that make no sense are answered with. Letters and numbers are those of behaviours.md: A is connections, B
/// Produce.
namespace leat::test {
namespace {

using protocol::ApiKey;
using protocol::ProduceRequest;
using protocol::ProduceResponse;
using testing::IsEmpty;
using testing::SizeIs;
using ByteVector = std::vector<std::byte>;

std::int16_t code(Errc error) { return static_cast<std::int16_t>(error); }

ByteVector bytes_of_hex(std::string_view hex) {
  ByteVector bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return bytes;
}

ByteVector operator+(ByteVector head, const ByteVector& tail) {
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

/// A request header, correlation id 7, client id "bad".
ByteVector header(int key, int version, bool flexible = false) {
  ByteVector bytes(8);
  store_be(bytes.data(), static_cast<std::int16_t>(key));
  store_be(bytes.data() + 2, static_cast<std::int16_t>(version));
  store_be<std::int32_t>(bytes.data() + 4, 7);
  return bytes + bytes_of_hex(flexible ? "000362616400" : "0003626164");
}

class BadInput : public testing::Test, public World {
 protected:
  BadInput() {
    broker_ = broker::Broker::open({.executor = scheduler_,
                                    .blocking = scheduler_,
                                    .clock = scheduler_,
                                    .entropy = entropy_,
                                    .volume = disk_},
                                   make_config("data", {}))
                  .value();
    good_ = std::make_unique<Client>(*this);
    good_->create_topic("t");
    good_->produce("t", 0, {"sound"});
  }
  ~BadInput() override {
    EXPECT_EQ(good_->list_offset("t", 0, -1), expected_end_) << "the log changed";
    EXPECT_EQ(good_->produce("t", 0, {"still served"}).error_code, 0);
    good_.reset();
    EXPECT_TRUE(broker_->close());
  }

  std::shared_ptr<protocol::Channel> channel() override { return broker_->channel("test"); }
  Executor& executor() override { return scheduler_; }
  TimestampMs wall_ms() override { return scheduler_.wall_ms(); }
  broker::Broker& broker() override { return *broker_; }
  void restart() override {}

  /// A client of which only bytes are known.
  class Peer {
   public:
    explicit Peer(BadInput& world) : world_(world) {
      connection_ = world.broker_->connect({.peer = "peer"}, [this](broker::Outgoing out) {
        if (out.frame.size > 0) answers_.push_back(out.frame.flatten().value());
        is_closed_ |= out.close;
      });
    }
    ~Peer() { connection_->closed(); }

    Peer& send(const ByteVector& frame) {
      auto owned = std::make_shared<ByteVector>(frame);
      owned->shrink_to_fit();  // so that a sanitizer sees any over-read
      connection_->receive(*owned, owned);
      world_.scheduler_.run_for(std::chrono::milliseconds(100));
      return *this;
    }
    bool is_closed() const { return is_closed_; }
    /// With size prefix and header.
    const std::vector<ByteVector>& answers() const { return answers_; }

   private:
    BadInput& world_;
    std::shared_ptr<broker::Connection> connection_;
    std::vector<ByteVector> answers_;
    bool is_closed_ = false;
  };

  void expect_closed_silently(const ByteVector& frame, const std::string& what) {
    Peer peer(*this);
    peer.send(frame);
    EXPECT_TRUE(peer.is_closed()) << what;
    EXPECT_THAT(peer.answers(), IsEmpty()) << what;
  }

  /// The error that one partition's records get, through the wire.
  std::int16_t produce_error(ByteVector records, std::int16_t version = 9, std::int16_t acks = -1) {
    auto answer = good_->produce_batch("t", 0, std::move(records), acks, version);
    return answer.error_code;
  }
  ByteVector batch() { return Client::batch({"one", "two"}, wall_ms()); }
  static ByteVector with_crc(ByteVector batch) {
    store_be(batch.data() + record::batch_at::crc, crc32c(Bytes(batch).subspan(record::batch_at::attributes)));
    return batch;
  }
  template <class T>
  static ByteVector with(ByteVector batch, std::size_t at, T value) {
    store_be(batch.data() + at, value);
    return with_crc(std::move(batch));
  }

  sim::Scheduler scheduler_{1};
  sim::SeededEntropy entropy_{2};
  sim::Disk disk_{scheduler_, {.seed = 3}};
  std::shared_ptr<broker::Broker> broker_;
  std::unique_ptr<Client> good_;
  Offset expected_end_ = 1;
};

struct Body {
  std::string name;
  const protocol::MessageSchema* schema;
  int version;
  ByteVector bytes;
};

/// Kafka's own encodings of every request that is served.
std::vector<Body> served_bodies() {
  std::vector<Body> bodies;
  std::ifstream file(std::string(LEAT_TEST_DATA) + "/messages.tsv");
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream columns(line);
    std::string name, version, variant, json, hex;
    std::getline(columns, name, '\t');
    std::getline(columns, version, '\t');
    std::getline(columns, variant, '\t');
    std::getline(columns, json, '\t');
    std::getline(columns, hex);
    const auto* schema = protocol::find_schema(name);
    if (!schema || schema->kind != protocol::MessageKind::request) continue;
    bodies.push_back({name + " v" + version + " " + variant, schema, std::stoi(version), bytes_of_hex(hex)});
  }
  return bodies;
}

TEST_F(BadInput, A2_UnknownKeysAndVersionsAreClosed) {
  for (const int key : {-1, 93, 1000, 32767, -32768}) expect_closed_silently(header(key, 0), std::to_string(key));
  for (const auto& [key, version] : {std::pair{0, 2}, {0, -1}, {0, 99}, {1, 3}, {3, -5}, {3, 32767}, {22, 7}})
    expect_closed_silently(header(key, version, true) + ByteVector(40), std::to_string(key));
}

TEST_F(BadInput, A2_ApisThatAreNotServedAreClosed) {
  for (int key = 0; key < 93; ++key) {
    if (broker::find_api(static_cast<std::int16_t>(key))) continue;
    expect_closed_silently(header(key, 0) + ByteVector(40), std::to_string(key));
  }
}

TEST_F(BadInput, A3_ApiVersionsFromTheFutureIsToldTheRange) {
  Peer peer(*this);
  peer.send(header(18, 77, true) + bytes_of_hex("ffffffffff"));
  EXPECT_FALSE(peer.is_closed());
  ASSERT_THAT(peer.answers(), SizeIs(1));
  const Bytes answer(peer.answers()[0]);
  EXPECT_EQ(load_be<std::int32_t>(answer.data() + 4), 7);
  const auto decoded = protocol::decode<protocol::ApiVersionsResponse>(answer.subspan(8), 0);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->error_code, code(Errc::unsupported_version));
  ASSERT_THAT(decoded->api_keys, SizeIs(1));
  EXPECT_EQ(decoded->api_keys[0].api_key, 18);
}

TEST_F(BadInput, A4_ApisOfControllersAreClosed) {
  for (const int key : {52, 53, 54, 59, 62, 63}) expect_closed_silently(header(key, 0, true) + ByteVector(60), std::to_string(key));
}

TEST_F(BadInput, A5_HeadersThatDoNotParseAreClosed) {
  const ByteVector whole = header(3, 9, true);
  for (std::size_t size = 0; size < whole.size(); ++size)
    expect_closed_silently(ByteVector(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)), std::to_string(size));
  expect_closed_silently(bytes_of_hex("0003000100000007fffe"), "client id of length -2");
  expect_closed_silently(bytes_of_hex("00030001000000077fff61"), "client id that lies about its length");
  expect_closed_silently(bytes_of_hex("000300090000000700016101"), "a tagged field that is not there");
}

TEST_F(BadInput, A5_BodiesThatAreCutAnywhereAreClosed) {
  std::size_t cuts = 0;
  for (const Body& body : served_bodies()) {
    const auto head = header(body.schema->id, body.version, body.schema->flexible.contains(body.version));
    for (std::size_t size = 0; size < body.bytes.size(); ++size, ++cuts) {
      Peer peer(*this);
      peer.send(head + ByteVector(body.bytes.begin(), body.bytes.begin() + static_cast<std::ptrdiff_t>(size)));
      // Versions that are not served are closed too; ApiVersions is answered whatever its version is.
      if (body.schema->id == 18 && !peer.answers().empty()) continue;
      ASSERT_TRUE(peer.is_closed()) << body.name << " cut at " << size;
      ASSERT_THAT(peer.answers(), IsEmpty()) << body.name << " cut at " << size;
    }
  }
  EXPECT_GT(cuts, 1000u);
}

TEST_F(BadInput, A5_LyingLengthsAndCountsAreClosed) {
  for (const char* body : {"7fffffff", "7fffffff0001", "00000002000161", "80000000", "fffffffe", "0000000100ff61",
                           "0000000180ff61", "000000017fff"})
    expect_closed_silently(header(3, 1) + bytes_of_hex(body), body);
  for (const char* body : {"ffffffff0f", "ffffffffff", "808080808000", "02", "0200ff", "02ffffffff0f"})
    expect_closed_silently(header(3, 9, true) + bytes_of_hex(body), body);
}

TEST_F(BadInput, A5_IllegalNullsAreClosed) {
  expect_closed_silently(header(3, 1) + bytes_of_hex("00000001ffff"), "Metadata v1, a topic without name");
  expect_closed_silently(header(3, 0) + bytes_of_hex("ffffffff"), "Metadata v0, no array of topics");
  expect_closed_silently(header(3, 9, true) + bytes_of_hex("020000000000"), "Metadata v9, a topic without name");
  expect_closed_silently(header(0, 3) + bytes_of_hex("ffffffff00001388ffffffff"), "Produce v3, no array of topics");
  expect_closed_silently(header(20, 1) + bytes_of_hex("ffffffff00001388"), "DeleteTopics v1, no array of names");
}

TEST_F(BadInput, A5_ArraysWhoseElementsWouldFillMemoryAreClosed) {
  // DeleteTopics v1, three million empty names of two bytes each.
  ByteVector body(4 + 6'000'000 + 4);
  store_be<std::int32_t>(body.data(), 3'000'000);
  expect_closed_silently(header(20, 1) + body, "tiny elements");
}

TEST_F(BadInput, NothingIsAnsweredAfterTheMistake) {
  Peer peer(*this);
  peer.send(header(3, 1) + bytes_of_hex("00000000")).send(header(99, 0)).send(header(3, 1) + bytes_of_hex("00000000"));
  EXPECT_TRUE(peer.is_closed());
  EXPECT_THAT(peer.answers(), SizeIs(1)) << "the answer from before the mistake";
}

TEST_F(BadInput, RandomFramesNeverDoMoreThanClose) {
  sim::SeededEntropy random(99);
  for (int round = 0; round < 3000; ++round) {
    ByteVector frame(random.below(200));
    for (auto& byte : frame) byte = static_cast<std::byte>(random.below(256));
    if (frame.size() > 8 && round % 2) {
      store_be(frame.data(), static_cast<std::int16_t>(random.below(4)));
      store_be(frame.data() + 2, static_cast<std::int16_t>(random.below(13)));
    }
    Peer(*this).send(frame);
  }
}

TEST_F(BadInput, SpoiledRequestsNeverDoMoreThanClose) {
  sim::SeededEntropy random(7);
  for (const Body& body : served_bodies()) {
    if (body.schema->id == 0 || body.schema->id == 19 || body.schema->id == 20) continue;  // these may change the log
    for (int round = 0; round < 20; ++round) {
      auto bytes = body.bytes;
      for (std::uint64_t n = random.below(3); n > 0 && !bytes.empty(); --n)
        bytes[random.below(bytes.size())] = static_cast<std::byte>(random.below(256));
      Peer(*this).send(header(body.schema->id, body.version, body.schema->flexible.contains(body.version)) + bytes);
    }
  }
}

TEST_F(BadInput, B1_OtherAcksAreRefused) {
  for (const std::int16_t acks : {-2, 2, 32767, -32768})
    EXPECT_EQ(produce_error(batch(), 9, acks), code(Errc::invalid_required_acks)) << acks;
}

TEST_F(BadInput, B2_AcksZeroWithBadRecordsIsClosed) {
  auto request = Client::produce_request("t", 0, with(batch(), record::batch_at::record_count, std::int32_t{7}), 0);
  auto frame = protocol::encode_request_frame(request, 9, 7, "bad").value().flatten().value();
  frame.erase(frame.begin(), frame.begin() + 4);
  expect_closed_silently(frame, "acks=0");
}

TEST_F(BadInput, B3_RecordsMustBeExactlyOneBatch) {
  EXPECT_EQ(produce_error({}), code(Errc::invalid_record));
  EXPECT_EQ(produce_error(batch() + batch()), code(Errc::invalid_record));
  EXPECT_EQ(produce_error(batch() + ByteVector(5)), code(Errc::invalid_record));
  auto cut = batch();
  cut.pop_back();
  EXPECT_EQ(produce_error(cut), code(Errc::invalid_record));
  auto old = batch();
  old[record::batch_at::magic] = std::byte(1);
  EXPECT_EQ(produce_error(old), code(Errc::invalid_record));
  EXPECT_EQ(produce_error(ByteVector(11)), code(Errc::invalid_record));
}

TEST_F(BadInput, B3_NullRecordsAreRefused) {
  auto request = Client::produce_request("t", 0, batch());
  request.topic_data[0].partition_data[0].records = Payload();
  const auto answer = good_->call<ProduceResponse>(std::move(request), 9);
  EXPECT_EQ(answer.responses.at(0).partition_responses.at(0).error_code, code(Errc::invalid_record));
}

TEST_F(BadInput, B4_ZstdNeedsVersion7) {
  EXPECT_EQ(produce_error(Client::batch({"v"}, wall_ms(), record::Codec::zstd), 6), code(Errc::unsupported_compression_type));
}

TEST_F(BadInput, B5_SizesAndMagicsThatNoBatchHasFailTheWholeRequest) {
  auto bad = batch();
  bad[record::batch_at::magic] = std::byte(3);
  EXPECT_EQ(produce_error(bad), code(Errc::corrupt_message));
  for (const std::int32_t size : {13, 0, -1, std::numeric_limits<std::int32_t>::min()}) {
    auto request = Client::produce_request("t", 0, with(batch(), record::batch_at::batch_length, size));
    request.topic_data[0].partition_data.push_back({.index = 0, .records = Payload::own(batch())});
    const auto answer = good_->call<ProduceResponse>(std::move(request), 9);
    for (const auto& partition : answer.responses.at(0).partition_responses)
      EXPECT_EQ(partition.error_code, code(Errc::corrupt_message)) << size;
  }
}

TEST_F(BadInput, B10_AnyFlippedBitIsNoticed) {
  const auto sound = batch();
  for (std::size_t at = record::batch_at::crc; at < sound.size(); ++at) {
    auto bad = sound;
    bad[at] ^= std::byte(0x02);
    EXPECT_EQ(produce_error(bad), code(Errc::corrupt_message)) << "byte " << at;
  }
}

TEST_F(BadInput, B10_TooLargeIsRefused) {
  good_->create_topic("small", 1, {{"max.message.bytes", "100"}});
  EXPECT_EQ(good_->produce_batch("small", 0, Client::batch({std::string(200, 'x')}, wall_ms())).error_code,
            code(Errc::message_too_large));
}

TEST_F(BadInput, B11_HeadersThatLieAreRefused) {
  using namespace record;
  const ByteVector lies[] = {
      with(batch(), batch_at::base_offset, Offset{5}),
      with(batch(), batch_at::record_count, std::int32_t{0}),
      with(batch(), batch_at::record_count, std::int32_t{-1}),
      with(batch(), batch_at::record_count, std::int32_t{3}),
      with(batch(), batch_at::record_count, std::numeric_limits<std::int32_t>::max()),
      with(batch(), batch_at::last_offset_delta, std::int32_t{5}),
      with(batch(), batch_at::last_offset_delta, std::numeric_limits<std::int32_t>::min()),
      with(batch(), batch_at::attributes, batch_bit::control),
      with(batch(), batch_at::producer_id, std::int64_t{9}),
  };
  for (const auto& lie : lies) EXPECT_EQ(produce_error(lie), code(Errc::invalid_record)) << &lie - lies;
  for (const std::int32_t count : {std::int32_t{3}, std::int32_t{1'000'000}})
    EXPECT_EQ(produce_error(with(with(batch(), batch_at::record_count, count), batch_at::last_offset_delta, count - 1)),
              code(Errc::invalid_record));
}

TEST_F(BadInput, RecordsThatDoNotParseAreRefused) {
  const auto sound = batch();
  std::size_t refused = 0;
  for (std::size_t at = record::batch_header_size; at < sound.size(); ++at)
    for (const int value : {0x7f, 0x80, 0xff}) {
      auto bad = sound;
      bad[at] = static_cast<std::byte>(value);
      const auto error = produce_error(with_crc(bad));
      EXPECT_TRUE(error == 0 || error == code(Errc::invalid_record) || error == code(Errc::invalid_timestamp)) << at;
      refused += error != 0;
      expected_end_ += error == 0 ? 2 : 0;  // a changed letter of a value is no damage
    }
  EXPECT_GT(refused, 20u);
}

TEST_F(BadInput, CodecsThatDoNotExistAreRefused) {
  for (const std::int16_t codec : {5, 6, 7})
    EXPECT_NE(produce_error(with(batch(), record::batch_at::attributes, codec)), 0) << codec;
}

TEST_F(BadInput, BytesThatDoNotInflateAreRefused) {
  for (const std::int16_t codec : {1, 2, 3, 4})
    EXPECT_NE(produce_error(with(batch(), record::batch_at::attributes, codec)), 0) << codec;
}

TEST_F(BadInput, CompressedBombsAreRefused) {
  for (const record::Codec codec : {record::Codec::gzip, record::Codec::lz4, record::Codec::zstd}) {
    auto bomb = batch();
    bomb.resize(record::batch_header_size);
    ASSERT_TRUE(record::compress(codec, record::default_level, ByteVector(80 << 20), bomb));
    ASSERT_LT(bomb.size(), 1'000'000u);
    store_be(bomb.data() + record::batch_at::batch_length, static_cast<std::int32_t>(bomb.size() - record::batch_prefix_size));
    EXPECT_EQ(produce_error(with(bomb, record::batch_at::attributes, static_cast<std::int16_t>(codec))),
              code(Errc::message_too_large))
        << name(codec);
  }
}

TEST_F(BadInput, AThousandPeersThatSayNothingOrHalfLeaveOthersAlone) {
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 1000; ++i) peers.push_back(std::make_unique<Peer>(*this));
  EXPECT_EQ(good_->list_offset("t", 0, -1), 1);
}

}  // namespace
}  // namespace leat::test
