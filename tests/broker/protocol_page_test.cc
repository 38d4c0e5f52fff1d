#include "broker/protocol_page.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "protocol/schema.h"
#include "protocol/schema_index.h"

namespace leat::broker {
namespace {

TEST(ProtocolPage, IsWhatTheApiTableSays) {
  const std::string path = LEAT_DOCS "/protocol.md";
  const std::string page = render_protocol_page(api_table());
  if (std::getenv("LEAT_UPDATE_DOCS")) std::ofstream(path) << page;
  std::ifstream file(path);
  const std::string written{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(written == page) << path << " is out of date; run this test with LEAT_UPDATE_DOCS=1 and commit it";
}

TEST(ProtocolPage, NamesWhatTheTableLacks) {
  const std::string page = render_protocol_page(api_table().first(1));
  EXPECT_THAT(page, testing::HasSubstr("| 0 | Produce | 3-13 |"));
  EXPECT_THAT(page, testing::HasSubstr("Fetch (1)"));
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("Produce (0)")));
}

TEST(ApiTable, AnswersNoVersionThatKafkaDoesNot) {
  for (const Api& api : api_table()) {
    const auto* schema = protocol::request_schema(api.key);
    ASSERT_NE(schema, nullptr);
    EXPECT_TRUE(schema->versions.contains(api.min_version)) << schema->name;
    EXPECT_TRUE(schema->versions.contains(api.max_version)) << schema->name;
    EXPECT_LE(api.advertised_min, api.min_version) << schema->name;
  }
}

}  // namespace
}  // namespace leat::broker
