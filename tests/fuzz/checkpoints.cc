#include "log_fuzz.h"
#include "storage/log_directory.h"

using namespace leat;

/// A log directory with one partition, whose checkpoints, identity, marker and topic id hold any bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto damaged = input.number<std::uint8_t>();
  auto put_part = [&, bit = 0](fuzz::Machine& machine, const char* path, std::string_view sound) mutable {
    const auto part = input.part();
    machine.put(path, damaged & 1 << bit++ ? Bytes(part) : Bytes(sound));
  };
  fuzz::Machine machine;
  machine.put("data/t-0/00000000000000000000.log", fuzz::sample_batch(0));
  put_part(machine, "data/meta.properties",
           "version=1\ncluster.id=AAAAAAAAAAAAAAAAAAAAAQ\nnode.id=1\ndirectory.id=AAAAAAAAAAAAAAAAAAAAAw\n");
  put_part(machine, "data/recovery-point-offset-checkpoint", "0\n1\nt 0 2\n");
  put_part(machine, "data/replication-offset-checkpoint", "0\n1\nt 0 2\n");
  put_part(machine, "data/log-start-offset-checkpoint", "0\n0\n");
  put_part(machine, "data/.kafka_cleanshutdown", R"({"version":0,"brokerEpoch":1})");
  put_part(machine, "data/t-0/partition.metadata", "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAABQ");
  auto directory = storage::LogDirectory::open(machine.disk, machine.scheduler, {.path = "data", .recovery_threads = 1}, {});
  if (!directory) return 0;
  auto loaded = (*directory)->load(machine.scheduler, [](const auto&, const auto&) { return log::LogSettings{}; });
  if (!loaded) return 0;
  std::map<TopicPartition, storage::LogDirectory::Checkpoint> all;
  for (auto& one : *loaded) {
    fuzz::require(one.log->log_start() <= one.high_watermark && one.high_watermark <= one.log->durable_end(),
                  "a high watermark lies in its log");
    all[one.partition] = {.high_watermark = one.high_watermark};
  }
  fuzz::require((*directory)->write_checkpoints(all).has_value(), "checkpoints can be written anew");
  return 0;
}
