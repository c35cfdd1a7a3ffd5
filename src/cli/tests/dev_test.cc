#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "cli/dev_guess.h"

namespace mayfly::cli {
namespace {

TEST(DevGuess, NewestRuntimeIsByNumberNotByText) {
  EXPECT_EQ(newest_runtime({"python3.9", "python3.11", "nodejs20.x"}, "python"), "python3.11");
  EXPECT_EQ(newest_runtime({"nodejs9.x", "nodejs20.x"}, "nodejs"), "nodejs20.x");
  EXPECT_EQ(newest_runtime({"nodejs20.x"}, "python"), "");
}

TEST(DevGuess, NamesOfFoldersBecomeNamesOfFunctions) {
  EXPECT_EQ(function_name("my orders (new)"), "my-orders--new-");
  EXPECT_EQ(function_name(""), "function");
  EXPECT_EQ(function_name(std::string(100, 'x')).size(), 64u);
}

TEST(DevGuess, HandlersAreFoundByUsualNames) {
  std::string name = ::testing::TempDir() + "guess-XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name.data());
  EXPECT_FALSE(guess_handler(folder));
  std::ofstream(folder / "index.mjs") << "export const handler = 1";
  EXPECT_EQ(guess_handler(folder)->handler, "index.handler");
  EXPECT_EQ(guess_handler(folder)->language, "nodejs");
  std::ofstream(folder / "app.py") << "def handler(e, c): pass";
  EXPECT_EQ(guess_handler(folder)->handler, "app.handler");
  std::ofstream(folder / "app.py") << "def lambda_handler(e, c): pass";
  EXPECT_EQ(guess_handler(folder)->handler, "app.lambda_handler");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace mayfly::cli
