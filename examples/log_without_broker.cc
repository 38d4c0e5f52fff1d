// A durable log and nothing else: no broker, no thread, one directory. An account whose balance is the sum of what its log
// says; a crash at any instant loses no booking that was acknowledged.
//
//     log_without_broker DIRECTORY [AMOUNT...]
#include <leat/log.h>

#include <cstdio>
#include <cstdlib>

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: log_without_broker DIRECTORY [AMOUNT...]\n");
    return 2;
  }
  auto opened = leat::Log::open(arguments[1]);
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().to_string().c_str());
    return 1;
  }
  leat::Log log = std::move(opened).value();

  // One batch, one sync: after a crash all of them are there or none.
  std::vector<leat::LogEntry> bookings;
  for (int i = 2; i < count; ++i) bookings.push_back({.value = arguments[i]});
  if (!bookings.empty()) {
    if (auto first = log.append(bookings); !first) {
      std::fprintf(stderr, "%s\n", first.error().to_string().c_str());
      return 1;
    }
  }

  long balance = 0;
  for (std::int64_t next = log.start_offset(); next < log.end_offset();) {
    const leat::Records records = log.read(next).value();
    for (const leat::Record& record : records) {
      balance += std::atol(record.value.to_string().c_str());
      next = record.offset + 1;
    }
  }
  std::printf("%lld bookings, balance %ld\n", static_cast<long long>(log.end_offset() - log.start_offset()), balance);
  log.close().value();
  return 0;
}
