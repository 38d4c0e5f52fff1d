// A broker inside a program that other processes may use with any Kafka client.
//
//     embedded_broker_with_port DIRECTORY [SECONDS]
//
// then: kcat -b localhost:PORT -P -t greetings
#include <leat/leat.h>
#include <leat/server.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

using namespace std::chrono_literals;

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: embedded_broker_with_port DIRECTORY [SECONDS]\n");
    return 2;
  }
  auto opened = leat::Broker::open({.data_dir = arguments[1]});
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().to_string().c_str());
    return 1;
  }
  leat::Broker broker = std::move(opened).value();
  if (auto made = broker.create_topic("greetings", {.partitions = 1});
      !made && made.error().code != leat::Errc::topic_already_exists) {
    std::fprintf(stderr, "%s\n", made.error().to_string().c_str());
    return 1;
  }

  // Port 0: any free one.
  auto server = leat::Server::listen(broker, {.listeners = "PLAINTEXT://127.0.0.1:0"});
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().to_string().c_str());
    return 1;
  }
  std::printf("listening on 127.0.0.1:%d\n", int{server->addresses().front().port});
  std::fflush(stdout);

  auto consumer = broker.consumer();
  consumer.assign({{"greetings", 0}}).value();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(count > 2 ? std::atoi(arguments[2]) : 60);
  while (std::chrono::steady_clock::now() < until) {
    auto records = consumer.poll(200ms);
    if (!records) {
      std::fprintf(stderr, "%s\n", records.error().to_string().c_str());
      return 1;
    }
    for (const leat::Record& record : *records) {
      std::printf("%s\n", record.value.to_string().c_str());
      std::fflush(stdout);
    }
  }
  return 0;
}
