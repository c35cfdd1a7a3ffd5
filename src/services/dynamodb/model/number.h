// Number: DynamoDB's decimal, 38 significant digits, magnitude 1E-130 to 9.99..E+125, or zero.
// Exact.
//
// A value type of 32 bytes, always normalised: no trailing zero in the coefficient, one zero, so
// equal numbers have equal members. Its text is plain decimal notation, as DynamoDB answers
// ("100", "0.001", never "1E2").
// The key encoding orders bytewise as the numbers do and ends itself, so that more may follow it in
// a key.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/dynamodb/model/error.h"

namespace mayfly::dynamodb {

__extension__ typedef unsigned __int128 Coefficient;  // below 10^38

class Number {
 public:
  static constexpr int kMaxDigits = 38;
  static constexpr int kMaxMagnitude = 125;
  static constexpr int kMinMagnitude = -130;

  Number() = default;  // zero
  static Number of(std::int64_t value);

  // "-12.50e+3" and the like; DynamoDB's messages for what is no number, too long, too large or too
  // small.
  static Checked<Number> parse(std::string_view text);
  static Checked<Number> add(const Number& a, const Number& b);
  static Checked<Number> subtract(const Number& a, const Number& b);

  std::string text() const;
  void append_text(std::string& out) const;

  bool is_zero() const { return coefficient_ == 0; }
  bool is_negative() const { return negative_; }
  int digits() const;     // significant ones; 0 for zero
  int magnitude() const;  // exponent of the first digit; 0 for zero
  // Bytes that DynamoDB counts for it: one for each two significant digits, plus one.
  std::size_t stored_size() const;

  std::strong_ordering operator<=>(const Number& other) const;
  bool operator==(const Number& other) const = default;

  // Parts, for the item codec. from_parts() refuses what is not normalised or out of range.
  Coefficient coefficient() const { return coefficient_; }
  int exponent() const { return exponent_; }
  static std::optional<Number> from_parts(bool negative, Coefficient coefficient, int exponent);

  void append_key(std::string& out) const;
  // Reads one from the front of `bytes` and removes it from there.
  static std::optional<Number> take_key(std::string_view& bytes);

 private:
  Number negated() const;
  static Checked<Number> normalise(bool negative, Coefficient coefficient, int exponent);

  Coefficient coefficient_ = 0;
  std::int32_t exponent_ = 0;
  bool negative_ = false;
};

}  // namespace mayfly::dynamodb
