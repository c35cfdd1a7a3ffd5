#include "services/dynamodb/model/number.h"

#include <gtest/gtest.h>

#include <random>

namespace mayfly::dynamodb {
namespace {

Number num(std::string_view text) {
  auto number = Number::parse(text);
  EXPECT_TRUE(number.has_value()) << text;
  return number.value_or(Number{});
}
std::string error_of(std::string_view text) {
  auto number = Number::parse(text);
  return number ? "no error" : number.error().message;
}

constexpr std::string_view k38Nines = "99999999999999999999999999999999999999";
constexpr std::string_view kTooPrecise =
    "Attempting to store more than 38 significant digits in a Number";

TEST(Number, IsNormalisedToPlainDecimalText) {
  EXPECT_EQ(num("0").text(), "0");
  EXPECT_EQ(num("-0.000").text(), "0");
  EXPECT_EQ(num("007.500").text(), "7.5");
  EXPECT_EQ(num("+1e2").text(), "100");
  EXPECT_EQ(num("-12.50E-3").text(), "-0.0125");
  EXPECT_EQ(num(".5").text(), "0.5");
  EXPECT_EQ(num("5.").text(), "5");
  EXPECT_EQ(num("1E125").text(), "1" + std::string(125, '0'));
  EXPECT_EQ(num("1E-130").text(), "0." + std::string(129, '0') + "1");
  EXPECT_EQ(num("100000000000000000000000000000000000000000").text(), "1" + std::string(41, '0'));
}

TEST(Number, RefusesWhatIsNoNumber) {
  for (const std::string_view text : {"abc", "1a", "--1", "1.2.3", "e5", "1e", "1e+", " 1", "1 ",
                                      ".", "NaN", "Infinity", "0x10", "1_000"}) {
    EXPECT_EQ(error_of(text),
              "The parameter cannot be converted to a numeric value: " + std::string(text));
  }
  EXPECT_EQ(error_of(""), "The parameter cannot be converted to a numeric value");
}

TEST(Number, BoundsPrecisionAndMagnitude) {
  EXPECT_EQ(num(k38Nines).text(), k38Nines);
  EXPECT_EQ(error_of(std::string(k38Nines) + "9"), kTooPrecise);
  EXPECT_EQ(error_of("1" + std::string(37, '0') + "1"), kTooPrecise);
  EXPECT_EQ(num("1" + std::string(36, '0') + "1").digits(), 38);
  EXPECT_EQ(num(std::string(k38Nines) + "E+88").magnitude(), 125);
  const std::string overflow =
      "Number overflow. Attempting to store a number with magnitude larger than supported range";
  const std::string underflow =
      "Number underflow. Attempting to store a number with magnitude smaller than supported range";
  EXPECT_EQ(error_of("1E126"), overflow);
  EXPECT_EQ(error_of("-1E126"), overflow);
  EXPECT_EQ(error_of("1E99999999999999999999"), overflow);
  EXPECT_EQ(error_of("1E-131"), underflow);
  EXPECT_EQ(error_of("0.1E-130"), underflow);
  EXPECT_EQ(num("0E99999999999").text(), "0");
}

TEST(Number, AddsExactly) {
  const auto sum = [](std::string_view a, std::string_view b) {
    auto result = Number::add(num(a), num(b));
    return result ? result->text() : result.error().message;
  };
  EXPECT_EQ(sum("0.1", "0.2"), "0.3");
  EXPECT_EQ(sum("-5", "5"), "0");
  EXPECT_EQ(sum("1e38", "-1"), k38Nines);
  EXPECT_EQ(sum("1e20", "1e-17"), "100000000000000000000.00000000000000001");
  EXPECT_EQ(sum("1e38", "1"), kTooPrecise);
  EXPECT_EQ(sum("2e38", "-1"), kTooPrecise);
  EXPECT_EQ(sum("1e125", "1e-130"), kTooPrecise);
  EXPECT_EQ(sum(k38Nines, "1"), "1" + std::string(38, '0'));
  EXPECT_EQ(
      sum("9e125", "9e125"),
      "Number overflow. Attempting to store a number with magnitude larger than supported range");
  auto difference = Number::subtract(num("10"), num("0.01"));
  ASSERT_TRUE(difference.has_value());
  EXPECT_EQ(difference->text(), "9.99");
}

TEST(Number, OrdersNumerically) {
  const std::vector<std::string> ascending{"-1e125", "-100.5", "-100", "-99", "-1e-130",
                                           "0",      "1e-130", "0.99", "1",   "1.5",
                                           "9",      "10",     "99",   "100", "1e125"};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(num(ascending[i]) <=> num(ascending[j]), i <=> j)
          << ascending[i] << " " << ascending[j];
      std::string a;
      std::string b;
      num(ascending[i]).append_key(a);
      num(ascending[j]).append_key(b);
      EXPECT_EQ(a < b, i < j) << ascending[i] << " " << ascending[j];
    }
  }
}

TEST(Number, KeysOrderAndRoundTripForRandomNumbers) {
  std::mt19937_64 random(7);
  std::vector<Number> numbers;
  for (int i = 0; i < 2000; ++i) {
    std::string text = random() % 2 == 0 ? "" : "-";
    const auto digits = random() % 38 + 1;
    for (std::uint64_t d = 0; d < digits; ++d)
      text.push_back(static_cast<char>('0' + random() % 10));
    text += "e" + std::to_string(static_cast<int>(random() % 100) - 80);
    numbers.push_back(num(text));
  }
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    const Number& a = numbers[i - 1];
    const Number& b = numbers[i];
    std::string key_a;
    std::string key_b;
    a.append_key(key_a);
    b.append_key(key_b);
    EXPECT_EQ(key_a <=> key_b, a <=> b) << a.text() << " " << b.text();
    std::string_view rest = key_a;
    EXPECT_EQ(Number::take_key(rest), a);
    EXPECT_TRUE(rest.empty());
    EXPECT_EQ(num(a.text()), a);
  }
}

TEST(Number, CountsItsBytesAsDocumented) {
  EXPECT_EQ(num("0").stored_size(), 1U);
  EXPECT_EQ(num("1").stored_size(), 2U);
  EXPECT_EQ(num("100").stored_size(), 2U);
  EXPECT_EQ(num("1234").stored_size(), 3U);
  EXPECT_EQ(num(k38Nines).stored_size(), 20U);
  EXPECT_EQ(num("-1").stored_size(), 3U);
}

TEST(Number, TakeKeyRefusesBrokenBytes) {
  for (const std::string& bytes :
       {std::string(""), std::string("\x03"), std::string("\x03\x80"), std::string("\x03\x80\x02"),
        std::string("\x04\x80\x02\0", 4), std::string("\x03\x80\0", 3),
        std::string("\x03\x80\x7f\0", 4)}) {
    std::string_view view = bytes;
    EXPECT_FALSE(Number::take_key(view).has_value());
  }
}

}  // namespace
}  // namespace mayfly::dynamodb
