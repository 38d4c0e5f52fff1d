// Napkin: validating an uncompressed batch is one CRC pass and a glance at each record: 16 KiB at
// 20 GB/s is 0.8 us, plus 16 records at some 10 ns. Building is one copy and one CRC pass.
#include <benchmark/benchmark.h>

#include <random>

#include "record/batch_builder.h"
#include "record/record_reader.h"
#include "record/validate.h"

namespace leat::record {
namespace {

constexpr TimestampMs now = 1'700'000'000'000;

/// JSON events: text that compresses to a fifth or so.
std::vector<std::byte> payload(std::size_t size) {
  std::mt19937_64 random(42);
  std::string text;
  while (text.size() < size)
    text += "{\"user\":" + std::to_string(random() % 1000000) + ",\"action\":\"click\",\"value\":" +
            std::to_string(random() % 100) + "},";
  text.resize(size);
  return {reinterpret_cast<const std::byte*>(text.data()), reinterpret_cast<const std::byte*>(text.data()) + size};
}

std::vector<std::byte> batch(std::size_t records, std::size_t record_size, Codec codec) {
  const auto values = payload(records * record_size);
  BatchBuilder builder;
  for (std::size_t i = 0; i < records; ++i)
    builder.append(now, "key", Bytes(values).subspan(i * record_size, record_size));
  return builder.build(codec).value();
}

void validate(benchmark::State& state) {
  const auto codec = static_cast<Codec>(state.range(2));
  const auto bytes = batch(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)), codec);
  const ProduceRules rules{.now = now};
  TimestampMs sum = 0;
  for (auto _ : state) benchmark::DoNotOptimize(sum += validate_produced(bytes, rules).value().max_timestamp);
  state.SetLabel(std::string(name(codec)));
  state.SetBytesProcessed(state.iterations() * state.range(0) * state.range(1));
}
BENCHMARK(validate)->ArgNames({"records", "size", "codec"})->Args({16, 1024, 0})->Args({160, 100, 0})
    ->Args({16, 1024, 1})->Args({16, 1024, 2})->Args({16, 1024, 3})->Args({16, 1024, 4});

void read(benchmark::State& state) {
  const auto bytes = batch(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)), Codec::none);
  std::vector<std::byte> scratch;
  Offset sum = 0;
  for (auto _ : state) {
    auto reader = RecordReader::open(BatchView::parse(bytes).value(), scratch).value();
    for (RecordView record; reader.next(record).value();) sum += record.offset;
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(read)->ArgNames({"records", "size"})->Args({16, 1024})->Args({160, 100});

void build(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0)), size = static_cast<std::size_t>(state.range(1));
  const auto codec = static_cast<Codec>(state.range(2));
  const auto values = payload(count * size);
  BatchBuilder builder;
  std::vector<std::byte> out;
  for (auto _ : state) {
    for (std::size_t i = 0; i < count; ++i) builder.append(now, "key", Bytes(values).subspan(i * size, size));
    out.clear();
    if (!builder.build_into(out, codec)) state.SkipWithError("build failed");
    benchmark::DoNotOptimize(out.data());
  }
  state.SetLabel(std::string(name(codec)));
  state.SetBytesProcessed(state.iterations() * state.range(0) * state.range(1));
}
BENCHMARK(build)->ArgNames({"records", "size", "codec"})->Args({16, 1024, 0})->Args({160, 100, 0})
    ->Args({16, 1024, 1})->Args({16, 1024, 2})->Args({16, 1024, 3})->Args({16, 1024, 4});

void inflate(benchmark::State& state) {
  const auto codec = static_cast<Codec>(state.range(1));
  const auto plain = payload(static_cast<std::size_t>(state.range(0)));
  std::vector<std::byte> small, out;
  if (!compress(codec, default_level, plain, small)) return state.SkipWithError("compress failed");
  for (auto _ : state) {
    out.clear();
    if (!decompress(codec, small, out)) state.SkipWithError("decompress failed");
    benchmark::DoNotOptimize(out.data());
  }
  state.SetLabel(std::string(name(codec)) + " to " + std::to_string(100 * small.size() / plain.size()) + "%");
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(inflate)->ArgNames({"size", "codec"})->ArgsProduct({{16 << 10, 1 << 20}, {1, 2, 3, 4}});

}  // namespace
}  // namespace leat::record
