#include "latency_report.h"

#include "rate.h"

namespace leat::cli {
namespace {

struct Quantile {
  const char* text;
  const char* key;
  double fraction;
};
constexpr Quantile quantiles[] = {{"p50", "p50_ms", 0.5},
                                  {"p95", "p95_ms", 0.95},
                                  {"p99", "p99_ms", 0.99},
                                  {"p99.9", "p99_9_ms", 0.999},
                                  {"p99.99", "p99_99_ms", 0.9999}};

}  // namespace

double milliseconds(std::chrono::nanoseconds duration) { return static_cast<double>(duration.count()) / 1e6; }

std::string latency_text(const Histogram& latency) {
  std::string text = "latency";
  for (const Quantile& quantile : quantiles)
    text += std::string(" ") + quantile.text + " " + fixed(milliseconds(latency.percentile(quantile.fraction)), 2) + " ms,";
  return text + " max " + fixed(milliseconds(latency.max()), 2) + " ms";
}

void add_latency(const Histogram& latency, JsonWriter& json) {
  for (const Quantile& quantile : quantiles)
    json.key(quantile.key).raw(fixed(milliseconds(latency.percentile(quantile.fraction)), 4));
  json.key("max_ms").raw(fixed(milliseconds(latency.max()), 4));
}

}  // namespace leat::cli
