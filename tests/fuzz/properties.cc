#include "config/broker_config.h"
#include "config/properties.h"
#include "config/topic_config.h"
#include "input.h"

using namespace leat;

/// A server.properties with any bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto bytes = input.rest();
  const auto properties =
      config::parse_properties({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, "server.properties");
  std::map<std::string, std::string> overrides;
  for (const auto& property : properties) overrides[property.key] = property.value;
  auto config = config::BrokerConfig::parse(properties);
  if (!config) {
    fuzz::require(!config.error().context.empty(), "a refusal says why");
    return 0;
  }
  (void)config->describe();
  (void)config::check_topic_overrides(*config, {overrides.begin(), overrides.end()});
  return 0;
}
