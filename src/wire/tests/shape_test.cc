#include <gtest/gtest.h>

#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/json.h"

namespace mayfly::wire {
namespace {

struct Tag {
  std::string key, value;
  static constexpr auto shape() {
    return std::tuple{field("Key", &Tag::key).required().length(1, 8), field("Value", &Tag::value)};
  }
};

constexpr std::string_view kColours[] = {"RED", "GREEN"};

struct Node {
  std::string name;
  std::optional<std::int32_t> count;
  std::int64_t total = 7;
  std::vector<Tag> tags;
  std::optional<std::map<std::string, std::string>> labels;
  std::optional<std::string> colour;
  std::unique_ptr<Node> child;
  std::optional<Blob> data;
  std::optional<Timestamp> at;
  Document free;
  std::optional<std::vector<std::string>> layers;
  static constexpr auto shape() {
    using Self = Node;
    return std::tuple{
        field("Name", &Self::name).required().length(2, 5).pattern("[a-z]+"),
        field("Count", &Self::count).range(1, 10),
        field("Total", &Self::total),
        field("Tags", &Self::tags).items(0, 2),
        field("Labels", &Self::labels).keys(rules().length(1, 3)).each(rules().length(0, 4)),
        field("Colour", &Self::colour).one_of(kColours),
        field("Child", &Self::child),
        field("Data", &Self::data),
        field("At", &Self::at).timestamp(TimestampFormat::iso8601),
        field("Free", &Self::free),
        field("Layers", &Self::layers).each(rules().length(1, 140).pattern("arn:.*"))};
  }
};

Result<Node> node(std::string_view json) {
  auto document = parse_json(json);
  if (!document) throw std::runtime_error(document.error().message);
  return decode<Node>(std::move(*document));
}

std::string error_of(std::string_view json) {
  auto result = node(json);
  return result ? "decoded"
                : std::string(result.error().spec->code) + ": " + result.error().message;
}

constexpr std::string_view kOne = "ValidationException: 1 validation error detected: ";

TEST(Shape, DecodesEveryKind) {
  auto result = node(
      R"({"Name":"abc","Count":3,"Tags":[{"Key":"k","Value":"v"}],"Labels":{"a":"b"},"Colour":"RED",
      "Child":{"Name":"in"},"Data":"AAE=","At":1.5,"Free":{"x":[1,2.5,null]},"Unknown":{"deep":[]},"Layers":null})");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->name, "abc");
  EXPECT_EQ(result->count, 3);
  EXPECT_EQ(result->total, 7);
  ASSERT_EQ(result->tags.size(), 1u);
  EXPECT_EQ(result->tags[0].value, "v");
  EXPECT_EQ(result->labels->at("a"), "b");
  EXPECT_EQ(result->child->name, "in");
  EXPECT_EQ(result->data->bytes, std::string("\0\1", 2));
  EXPECT_EQ(result->at->epoch_seconds, 1.5);
  EXPECT_EQ(to_json(result->free), R"({"x":[1,2.5,null]})");
  EXPECT_FALSE(result->layers);
}

TEST(Shape, EncodesWhatIsSet) {
  auto result =
      node(R"({"Name":"abc","Labels":{"a":"b"},"At":1.5,"Data":"AAE=","Child":{"Name":"in"}})");
  ASSERT_TRUE(result);
  EXPECT_EQ(
      to_json(encode(std::move(*result))),
      R"({"Name":"abc","Total":7,"Tags":[],"Labels":{"a":"b"},"Child":{"Name":"in","Total":7,"Tags":[]},)"
      R"("Data":"AAE=","At":"1970-01-01T00:00:01.500Z"})");
}

TEST(Shape, ViolationsReadAsAwsWritesThem) {
  EXPECT_EQ(error_of("{}"),
            std::string(kOne) +
                "Value null at 'name' failed to satisfy constraint: Member must not be null");
  EXPECT_EQ(error_of(R"({"Name":"a"})"), std::string(kOne) +
                                             "Value 'a' at 'name' failed to satisfy constraint: "
                                             "Member must have length greater than or equal to 2");
  EXPECT_EQ(error_of(R"({"Name":"abcdef","Count":11})"),
            "ValidationException: 2 validation errors detected: Value 'abcdef' at 'name' failed to "
            "satisfy constraint: "
            "Member must have length less than or equal to 5; Value '11' at 'count' failed to "
            "satisfy constraint: "
            "Member must have value less than or equal to 10");
  EXPECT_EQ(error_of(R"({"Name":"A1"})"),
            std::string(kOne) +
                "Value 'A1' at 'name' failed to satisfy constraint: Member must satisfy regular "
                "expression pattern: [a-z]+");
  EXPECT_EQ(error_of(R"({"Name":"ab","Colour":"PINK"})"),
            std::string(kOne) +
                "Value 'PINK' at 'colour' failed to satisfy constraint: Member must satisfy enum "
                "value set: [RED, GREEN]");
}

TEST(Shape, PathsOfNestedMembers) {
  EXPECT_EQ(error_of(R"({"Name":"ab","Tags":[{"Key":"k"},{}]})"),
            std::string(kOne) +
                "Value null at 'tags.2.member.key' failed to satisfy constraint: Member must not "
                "be null");
  EXPECT_EQ(error_of(R"({"Name":"ab","Child":{"Name":"x"}})"),
            std::string(kOne) +
                "Value 'x' at 'child.name' failed to satisfy constraint: Member must have length "
                "greater than or equal to 2");
  EXPECT_EQ(
      error_of(R"({"Name":"ab","Tags":[{"Key":"a"},{"Key":"b"},{"Key":"c"}]})"),
      std::string(kOne) +
          "Value '[{key=a, value=}, {key=b, value=}, {key=c, value=}]' at 'tags' failed to satisfy "
          "constraint: Member must have length less than or equal to 2");
}

// Recorded from Lambda: https://github.com/appleboy/lambda-action/issues/83
TEST(Shape, ElementsAndKeysAnswerWithAllTheirConstraints) {
  EXPECT_EQ(error_of(R"({"Name":"ab","Layers":[""]})"),
            std::string(kOne) +
                "Value '[]' at 'layers' failed to satisfy constraint: Member must satisfy "
                "constraint: [Member must have "
                "length less than or equal to 140, Member must have length greater than or equal "
                "to 1, Member must "
                "satisfy regular expression pattern: arn:.*, Member must not be null]");
  EXPECT_EQ(error_of(R"({"Name":"ab","Labels":{"long":"x"}})"),
            std::string(kOne) +
                "Value '{long=x}' at 'labels' failed to satisfy constraint: Map keys must satisfy "
                "constraint: [Member "
                "must have length less than or equal to 3, Member must have length greater than or "
                "equal to 1, Member "
                "must not be null]");
}

TEST(Shape, WrongTypesAreSerializationExceptions) {
  EXPECT_EQ(error_of(R"({"Name":1})"),
            "SerializationException: NUMBER_VALUE can not be converted to a String");
  EXPECT_EQ(error_of(R"({"Name":true})"),
            "SerializationException: TRUE_VALUE can not be converted to a String");
  EXPECT_EQ(error_of(R"({"Name":"ab","Count":"1"})"),
            "SerializationException: STRING_VALUE can not be converted to an Integer");
  EXPECT_EQ(error_of(R"({"Name":"ab","Count":1.5})"),
            "SerializationException: DECIMAL_VALUE can not be converted to an Integer");
  EXPECT_EQ(error_of(R"({"Name":"ab","Count":3000000000})"),
            "SerializationException: NUMBER_VALUE can not be converted to an Integer");
  EXPECT_EQ(error_of(R"({"Name":{}})"),
            "SerializationException: Start of structure or map found where not expected.");
  EXPECT_EQ(error_of(R"({"Name":[]})"),
            "SerializationException: Start of list found where not expected");
  EXPECT_EQ(error_of(R"({"Tags":"x"})"), "SerializationException: Unexpected field type");
  EXPECT_EQ(error_of(R"({"Data":"A"})"), "SerializationException: Invalid Base64 content");
  EXPECT_EQ(error_of("[]"), "SerializationException: Start of list found where not expected");
}

TEST(Shape, LengthsAreCountedAsJavaCounts) { EXPECT_EQ(utf16_length("aé漢😀"), 5u); }

}  // namespace
}  // namespace mayfly::wire
