#pragma once

#include <leat/producer.h>

#include <CLI/CLI.hpp>
#include <string>

namespace leat::cli {

/// The options that all commands that produce share.
struct ProducerChoices {
  std::string acks = "all";
  std::string compression = "none";
  std::size_t batch_bytes = ProducerOptions{}.batch_bytes;
  double linger_ms = 5;

  ProducerOptions options() const;
};

/// --acks, --compression, --batch-bytes, --linger-ms.
void add_producer_choices(CLI::App& command, ProducerChoices& choices);

}  // namespace leat::cli
