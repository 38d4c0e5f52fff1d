#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "metadata/controller.h"
#include "metadata/records.h"
#include "quorum/metadata_log.h"
#include "sim/disk.h"
#include "sim/entropy.h"
#include "sim/scheduler.h"

namespace leat::metadata {

/// A controller of node 1 on a simulated disk, on one thread.
class ControllerTest : public testing::Test {
 protected:
  static constexpr const char* directory = "data";

  static Uuid uuid(std::uint8_t last) {
    Uuid id;
    id.bytes[0] = std::byte{0x32};
    id.bytes[15] = std::byte{last};
    return id;
  }

  Controller::Options options() const {
    Controller::Options options;
    options.directory = directory;
    options.cluster_id = "4L6g3nShT-eMCtK--X86sw";
    options.directory_id = uuid(1);
    options.log_directories = {uuid(1)};
    options.endpoints = {{"PLAINTEXT", "localhost", 9092, 0}};
    options.clean_broker_epoch = clean_broker_epoch;
    return options;
  }

  Result<void> try_open() {
    auto opened = Controller::open({scheduler, scheduler, entropy, disk, images, {}}, options());
    if (!opened) return std::move(opened).error();
    controller = std::move(*opened);
    return {};
  }
  void open() {
    const auto opened = try_open();
    ASSERT_TRUE(opened) << opened.error().to_string();
  }
  /// As the broker does it: the marker with the epoch is written after the controller has closed.
  void stop_cleanly() {
    const auto closed = controller->close();
    ASSERT_TRUE(closed) << closed.error().to_string();
    clean_broker_epoch = controller->broker_epoch();
    controller.reset();
  }
  void crash() {
    clean_broker_epoch.reset();
    controller.reset();
    disk.power_cycle();
  }

  static protocol::CreateTopicsRequest::CreatableTopic topic(std::string name, std::int32_t partitions = 1) {
    protocol::CreateTopicsRequest::CreatableTopic topic;
    topic.name = std::move(name);
    topic.num_partitions = partitions;
    topic.replication_factor = 1;
    return topic;
  }
  protocol::CreateTopicsResponse create(std::vector<protocol::CreateTopicsRequest::CreatableTopic> topics,
                                        bool validate_only = false) {
    protocol::CreateTopicsRequest request;
    request.topics = std::move(topics);
    request.validate_only = validate_only;
    protocol::CreateTopicsResponse response;
    controller->create_topics(std::move(request), 7, [&](protocol::CreateTopicsResponse got) { response = std::move(got); });
    scheduler.run_ready();
    scheduler.run_until_idle();
    return response;
  }

  /// "3 RegisterBrokerRecord v4 {...}" for each record of the log, "0 control" for a control batch.
  std::vector<std::string> records(Offset from = 0) {
    std::vector<std::string> lines;
    auto log = quorum::MetadataLog::open(disk, scheduler, {.directory = std::string(directory) + "/__cluster_metadata-0"}, {});
    EXPECT_TRUE(log);
    const auto replayed = (*log)->replay((*log)->end(), [&](const quorum::MetadataLog::Batch& batch) -> Result<void> {
      Offset at = batch.last_offset - static_cast<Offset>(batch.values.size()) + 1;
      if (batch.is_control && batch.last_offset >= from) lines.push_back(std::to_string(batch.last_offset) + " control");
      for (Bytes value : batch.values) {
        const auto record = decode_record(value);
        EXPECT_TRUE(record);
        if (at >= from) lines.push_back(std::to_string(at) + " " + describe(*record));
        ++at;
      }
      return {};
    });
    EXPECT_TRUE(replayed);
    return lines;
  }

  sim::Scheduler scheduler{7};
  sim::SeededEntropy entropy{7};
  sim::Disk disk{scheduler, {.seed = 7}};
  std::optional<std::int64_t> clean_broker_epoch;
  Images images;
  std::unique_ptr<Controller> controller;
};

}  // namespace leat::metadata
