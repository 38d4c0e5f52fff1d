#include "config/built_in_settings.h"
#include "config/docs_page.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace leat::config {
namespace {

TEST(DocsPage, IsWhatTheDeclarationsSay) {
  const std::string path = LEAT_DOCS "/configuration.md";
  const std::string page = render_docs_page(built_in_settings());
  if (std::getenv("LEAT_UPDATE_DOCS")) std::ofstream(path) << page;
  std::ifstream file(path);
  const std::string written{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(written == page) << path << " is out of date; run this test with LEAT_UPDATE_DOCS=1 and commit it";
}

}  // namespace
}  // namespace leat::config
