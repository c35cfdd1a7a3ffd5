#include "services/dynamodb/model/codec.h"

#include <gtest/gtest.h>

namespace mayfly::dynamodb {
namespace {

Number num(std::string_view text) { return Number::parse(text).value(); }

Item everything() {
  Item nested;
  nested.set("inner", Value(std::string("deep")));
  Item item;
  item.set("s", Value(std::string("text")));
  item.set("empty", Value(std::string()));
  item.set("n", Value(num("-12345678901234567890123456789012345678")));
  item.set("i", Value(Number::of(42)));
  item.set("neg", Value(Number::of(-7)));
  item.set("tiny", Value(num("1e-130")));
  item.set("hundred", Value(num("100")));
  item.set("b", Value(Binary{std::string("\0\xff", 2)}));
  item.set("yes", Value(true));
  item.set("no", Value(false));
  item.set("null", Value(Null{}));
  item.set("m", Value(nested));
  item.set("l", Value(List{Value(std::string("a")), Value(Number::of(1)), Value(nested)}));
  item.set("ss", *Value::string_set({"b", "a"}));
  item.set("ns", *Value::number_set({num("2"), num("-1.5")}));
  item.set("bs", *Value::binary_set({Binary{"y"}, Binary{"x"}}));
  return item;
}

TEST(Codec, RoundTripsEveryType) {
  const Item item = everything();
  const std::string bytes = encode_item(item);
  const auto back = decode_item(bytes);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, item);
  EXPECT_EQ(decode_size(bytes), size_of(item));
}

TEST(Codec, EqualItemsHaveEqualBytes) {
  Item a;
  a.set("x", Value(Number::of(1)));
  a.set("a", *Value::string_set({"q", "p"}));
  Item b;
  b.set("a", *Value::string_set({"p", "q"}));
  b.set("x", Value(num("1.0")));
  EXPECT_EQ(encode_item(a), encode_item(b));
}

TEST(Codec, RefusesEveryTruncation) {
  const std::string bytes = encode_item(everything());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(decode_item(std::string_view(bytes).substr(0, length)).has_value()) << length;
  }
  EXPECT_FALSE(decode_item(bytes + "x").has_value());
}

TEST(Codec, RefusesAnotherVersion) {
  std::string bytes = encode_item(everything());
  bytes[0] = 2;
  EXPECT_FALSE(decode_item(bytes).has_value());
}

TEST(Codec, RefusesNestingBeyondTheLimit) {
  Value value{std::string("leaf")};
  for (int i = 0; i < kMaxNesting; ++i) value = Value(List{std::move(value)});
  Item item;
  item.set("deep", value);
  EXPECT_TRUE(decode_item(encode_item(item)).has_value());
  item.set("deep", Value(List{value}));
  EXPECT_FALSE(decode_item(encode_item(item)).has_value());
}

TEST(ItemSize, FollowsTheDocumentedArithmetic) {
  Item item;
  item.set("id", Value(std::string("abc")));  // 2 + 3
  EXPECT_EQ(size_of(item), 5U);
  item.set("flag", Value(true));    // 4 + 1
  item.set("none", Value(Null{}));  // 4 + 1
  EXPECT_EQ(size_of(item), 15U);
  item.set("list", Value(List{}));  // 4 + 3
  item.set("map", Value(Map{}));    // 3 + 3
  EXPECT_EQ(size_of(item), 28U);
  item.set("list", Value(List{Value(std::string("ab"))}));  // + 1 + 2
  EXPECT_EQ(size_of(item), 31U);
}

}  // namespace
}  // namespace mayfly::dynamodb
