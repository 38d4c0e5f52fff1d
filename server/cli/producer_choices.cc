#include "producer_choices.h"

#include <algorithm>
#include <cmath>

namespace leat::cli {
namespace {

const std::vector<std::pair<std::string, Compression>> compressions = {{"none", Compression::none},
                                                                       {"gzip", Compression::gzip},
                                                                       {"snappy", Compression::snappy},
                                                                       {"lz4", Compression::lz4},
                                                                       {"zstd", Compression::zstd}};

}  // namespace

ProducerOptions ProducerChoices::options() const {
  ProducerOptions options;
  options.acks = acks == "0" ? Acks::none : acks == "1" ? Acks::leader : Acks::all;
  options.idempotence = options.acks == Acks::all;
  options.compression = std::ranges::find(compressions, compression, &decltype(compressions)::value_type::first)->second;
  options.batch_bytes = batch_bytes;
  // A record may be as large as the broker takes; it says so if not.
  options.max_request_bytes = std::max<std::size_t>(options.max_request_bytes, 100 * 1024 * 1024);
  options.linger = std::chrono::nanoseconds(std::llround(linger_ms * 1e6));
  return options;
}

void add_producer_choices(CLI::App& command, ProducerChoices& choices) {
  command.add_option("--acks", choices.acks, "Who must have a record: all in-sync replicas, 1 (the leader) or 0 (nobody)")
      ->capture_default_str()
      ->check(CLI::IsMember({"all", "1", "0"}))
      ->type_name("all|1|0");
  command.add_option("--compression", choices.compression, "Codec of the batches")
      ->capture_default_str()
      ->check(CLI::IsMember({"none", "gzip", "snappy", "lz4", "zstd"}))
      ->type_name("none|gzip|snappy|lz4|zstd");
  command.add_option("--batch-bytes", choices.batch_bytes, "Largest batch")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 30))
      ->type_name("BYTES");
  command.add_option("--linger-ms", choices.linger_ms, "How long a batch waits for company")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 60'000.0))
      ->type_name("MS");
}

}  // namespace leat::cli
