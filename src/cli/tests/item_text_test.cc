#include "cli/item_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/csv.h"
#include "wire/json.h"

namespace mayfly::cli {
namespace {

using testing::ElementsAre;

std::string typed(std::string_view plain) {
  const auto item = item_from_plain(plain);
  return item ? wire::to_json(*item) : "error: " + item.error().text;
}

TEST(ItemText, EveryKindOfPlainValueHasAType) {
  EXPECT_EQ(
      typed(R"({"s": "x", "n": -1.50e3, "t": true, "z": null, "l": [1, []], "m": {"a": {}}})"),
      R"({"s":{"S":"x"},"n":{"N":"-1.50e3"},"t":{"BOOL":true},"z":{"NULL":true},)"
      R"("l":{"L":[{"N":"1"},{"L":[]}]},"m":{"M":{"a":{"M":{}}}}})");
}

TEST(ItemText, LongNumbersKeepTheirDigits) {
  const std::string text = R"({"n": 12345678901234567890123456789012345678})";
  EXPECT_EQ(typed(text), R"({"n":{"N":"12345678901234567890123456789012345678"}})");
  EXPECT_EQ(plain_json(*item_from_plain(text)), text);
}

TEST(ItemText, RefusesWhatIsNoItem) {
  for (const char* bad : {"", "{", "[]", "1", "{} {}", R"({"a":})", R"({"a":1}x)"})
    EXPECT_FALSE(item_from_plain(bad)) << bad;
  EXPECT_FALSE(item_from_plain(R"({"a":)" + std::string(200, '[') + std::string(200, ']') + "}"));
}

TEST(ItemText, TellsTypedFromPlain) {
  EXPECT_EQ(wire::to_json(*item_from_json(R"({"Item": {"id": {"S": "1"}}})")),
            R"({"id":{"S":"1"}})");
  EXPECT_EQ(wire::to_json(*item_from_json(R"({"id": {"S": "1"}})")), R"({"id":{"S":"1"}})");
  EXPECT_EQ(wire::to_json(*item_from_json(R"({"id": "1"})")), R"({"id":{"S":"1"}})");
  EXPECT_EQ(wire::to_json(*item_from_json(R"({"Item": "1"})")), R"({"Item":{"S":"1"}})");
}

TEST(ItemText, AWordIsJsonOrText) {
  const auto word = [](std::string_view text) { return wire::to_json(value_from_word(text)); };
  EXPECT_EQ(word("42"), R"({"N":"42"})");
  EXPECT_EQ(word("true"), R"({"BOOL":true})");
  EXPECT_EQ(word(R"("42")"), R"({"S":"42"})");
  EXPECT_EQ(word("a b"), R"({"S":"a b"})");
  EXPECT_EQ(word(""), R"({"S":""})");
  EXPECT_EQ(word(R"(1,"w":2)"), R"({"S":"1,\"w\":2"})") << "nothing gets out of its value";
}

TEST(ItemText, CellsAreCutBetweenCharacters) {
  wire::Document value = wire::Document::map();
  value.set("S", std::string(46, 'x') + "öö");
  EXPECT_EQ(cell_text(value), std::string(46, 'x') + "…");
}

TEST(Csv, QuotesWhatNeedsIt) {
  EXPECT_EQ(write_csv({"a", "b,c", "d\"e", "f\ng", ""}), "a,\"b,c\",\"d\"\"e\",\"f\ng\",");
}

TEST(Csv, ReadsWhatItWrites) {
  const std::vector<std::string> fields{"a", "b,c", "d\"e", "f\r\ng", "", "\""};
  std::istringstream in(write_csv(fields) + "\r\n" + "x,y\n\nlast");
  CsvReader reader(in);
  EXPECT_EQ(*reader.next(), fields);
  EXPECT_THAT(*reader.next(), ElementsAre("x", "y"));
  EXPECT_EQ(reader.line(), 3U) << "a line break within quotes counts";
  EXPECT_THAT(*reader.next(), ElementsAre(""));
  EXPECT_THAT(*reader.next(), ElementsAre("last"));
  EXPECT_TRUE(reader.next()->empty());
}

TEST(Csv, RefusesAFieldWithoutItsEnd) {
  std::istringstream in("a,\"b\n");
  EXPECT_FALSE(CsvReader(in).next());
}

}  // namespace
}  // namespace mayfly::cli
