#pragma once

#include <string>

#include "histogram.h"
#include "json_writer.h"

namespace leat::cli {

/// "latency p50 0.42 ms, p95 ... p99.99 ..., max 3.10 ms".
std::string latency_text(const Histogram& latency);
/// p50_ms, ... p99_99_ms and max_ms, as members of the object that `json` is in.
void add_latency(const Histogram& latency, JsonWriter& json);

double milliseconds(std::chrono::nanoseconds duration);

}  // namespace leat::cli
