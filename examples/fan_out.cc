// Each event goes to every group, and within a group to one of its members: two services hear of all orders, and one of
// them shares the work between two workers.
//
//     fan_out DIRECTORY
#include <leat/leat.h>

#include <chrono>
#include <cstdio>
#include <string>

using namespace std::chrono_literals;

/// What one member gets in a turn; committed when it has been dealt with.
static std::size_t work(leat::Consumer& consumer, const char* who) {
  const leat::Records records = consumer.poll(50ms).value();
  for (const leat::Record& record : records)
    std::printf("%s: partition %d: %s\n", who, record.partition, record.value.to_string().c_str());
  if (!records.empty()) consumer.commit().value();
  return records.size();
}

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: fan_out DIRECTORY\n");
    return 2;
  }
  auto broker = leat::Broker::open({.data_dir = arguments[1]}).value();
  if (auto made = broker.create_topic("orders", {.partitions = 4});
      !made && made.error().code != leat::Errc::topic_already_exists) {
    std::fprintf(stderr, "%s\n", made.error().to_string().c_str());
    return 1;
  }

  auto shipping = broker.consumer({.group = "shipping"});
  // A heartbeat is how a member hears that another one has come.
  auto billing_1 = broker.consumer({.group = "billing", .heartbeat_interval = 100ms});
  auto billing_2 = broker.consumer({.group = "billing", .heartbeat_interval = 100ms});
  for (leat::Consumer* consumer : {&shipping, &billing_1, &billing_2}) consumer->subscribe({"orders"});
  // Billing has two members once each of them has its part; nothing has been sent yet.
  while (billing_1.assignment().empty() || billing_2.assignment().empty() || billing_1.assignment().size() > 2)
    for (leat::Consumer* consumer : {&billing_1, &billing_2}) consumer->poll(10ms).value();

  // Records of one key stay in order: they share a partition, and a partition has one reader in each group.
  auto producer = broker.producer();
  constexpr std::size_t orders = 12;
  for (std::size_t i = 0; i < orders; ++i)
    producer.send({.topic = "orders", .value = "order " + std::to_string(i), .partition = static_cast<std::int32_t>(i % 4)});
  producer.flush().value();

  std::size_t shipped = 0, billed = 0;
  const auto until = std::chrono::steady_clock::now() + 30s;
  while ((shipped < orders || billed < orders) && std::chrono::steady_clock::now() < until) {
    shipped += work(shipping, "shipping");
    billed += work(billing_1, "billing 1");
    billed += work(billing_2, "billing 2");
  }
  std::printf("shipped %zu, billed %zu\n", shipped, billed);
  // Goodbye: their partitions need not wait for a time-out.
  for (leat::Consumer* consumer : {&shipping, &billing_1, &billing_2}) consumer->close();
  return shipped >= orders && billed >= orders ? 0 : 1;
}
