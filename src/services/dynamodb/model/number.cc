#include "services/dynamodb/model/number.h"

#include <algorithm>
#include <array>

namespace mayfly::dynamodb {
namespace {

constexpr std::string_view kTooPrecise =
    "Attempting to store more than 38 significant digits in a Number";
constexpr std::string_view kOverflow =
    "Number overflow. Attempting to store a number with magnitude larger than supported range";
constexpr std::string_view kUnderflow =
    "Number underflow. Attempting to store a number with magnitude smaller than supported range";

constexpr auto kPowers = [] {
  std::array<Coefficient, 39> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

int count_digits(Coefficient value) {
  // upper_bound finds the first power above the value: its exponent is the number of digits.
  return static_cast<int>(std::upper_bound(kPowers.begin(), kPowers.end(), value) -
                          kPowers.begin());
}

// Writes the decimal digits of `value` at the end of `buffer`; the result views them.
std::string_view to_digits(Coefficient value, std::array<char, 40>& buffer) {
  std::size_t at = buffer.size();
  while (value > UINT64_MAX) {
    buffer[--at] = static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  }
  auto small = static_cast<std::uint64_t>(value);
  while (small != 0) {
    buffer[--at] = static_cast<char>('0' + small % 10);
    small /= 10;
  }
  return {buffer.data() + at, buffer.size() - at};
}

std::unexpected<Invalid> not_numeric(std::string_view text) {
  std::string message = "The parameter cannot be converted to a numeric value";
  if (!text.empty()) message.append(": ").append(text);
  return invalid(std::move(message));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Number Number::of(std::int64_t value) {
  const bool negative = value < 0;
  auto magnitude = static_cast<std::uint64_t>(value);
  if (negative) magnitude = 0 - magnitude;
  return *normalise(negative, magnitude, 0);
}

Checked<Number> Number::normalise(bool negative, Coefficient coefficient, int exponent) {
  Number number;
  if (coefficient == 0) return number;
  while (coefficient % 10 == 0) {
    coefficient /= 10;
    ++exponent;
  }
  const int magnitude = exponent + count_digits(coefficient) - 1;
  if (magnitude > kMaxMagnitude) return invalid(std::string(kOverflow));
  if (magnitude < kMinMagnitude) return invalid(std::string(kUnderflow));
  number.negative_ = negative;
  number.coefficient_ = coefficient;
  number.exponent_ = exponent;
  return number;
}

Checked<Number> Number::parse(std::string_view text) {
  std::size_t at = 0;
  bool negative = false;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) negative = text[at++] == '-';

  Coefficient coefficient = 0;
  std::int64_t exponent = 0;
  std::int64_t pending_zeros = 0;  // zeros seen behind the last digit that counts
  int digits = 0;
  bool any = false;
  bool point = false;
  bool too_precise = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.') {
      if (point) return not_numeric(text);
      point = true;
      continue;
    }
    if (!is_digit(c)) break;
    any = true;
    if (point) --exponent;
    if (c == '0') {
      if (digits > 0) ++pending_zeros;
      continue;
    }
    // Zeros between two other digits are significant; those at the end never enter the coefficient.
    if (digits + pending_zeros + 1 > kMaxDigits) {
      too_precise = true;
      pending_zeros = 0;
      continue;
    }
    if (digits > 0) {
      for (; pending_zeros > 0; --pending_zeros, ++digits) coefficient *= 10;
    }
    coefficient = coefficient * 10 + static_cast<unsigned>(c - '0');
    ++digits;
  }
  if (!any) return not_numeric(text);
  exponent += pending_zeros;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    bool minus = false;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) minus = text[at++] == '-';
    if (at == text.size()) return not_numeric(text);
    std::int64_t written = 0;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      written = std::min<std::int64_t>(written * 10 + (text[at] - '0'), 1'000'000'000);
    }
    exponent += minus ? -written : written;
  }
  if (at != text.size()) return not_numeric(text);
  if (too_precise) return invalid(std::string(kTooPrecise));
  if (coefficient == 0) return Number{};
  exponent = std::clamp<std::int64_t>(exponent, -1'000'000, 1'000'000);
  return normalise(negative, coefficient, static_cast<int>(exponent));
}

int Number::digits() const { return is_zero() ? 0 : count_digits(coefficient_); }

int Number::magnitude() const { return is_zero() ? 0 : exponent_ + count_digits(coefficient_) - 1; }

std::size_t Number::stored_size() const {
  if (is_zero()) return 1;
  // Digits are paired around the decimal point, so an odd exponent can cost one byte more.
  const int first = magnitude();
  const int pairs = (first - (first & 1) - (exponent_ - (exponent_ & 1))) / 2 + 1;
  return static_cast<std::size_t>(pairs) + 1 + (negative_ ? 1 : 0);
}

void Number::append_text(std::string& out) const {
  if (is_zero()) {
    out.push_back('0');
    return;
  }
  std::array<char, 40> buffer;
  const std::string_view digits = to_digits(coefficient_, buffer);
  if (negative_) out.push_back('-');
  if (exponent_ >= 0) {
    out.append(digits).append(static_cast<std::size_t>(exponent_), '0');
    return;
  }
  const auto fraction = static_cast<std::size_t>(-exponent_);
  if (fraction < digits.size()) {
    out.append(digits.substr(0, digits.size() - fraction)).push_back('.');
    out.append(digits.substr(digits.size() - fraction));
  } else {
    out.append("0.").append(fraction - digits.size(), '0').append(digits);
  }
}

std::string Number::text() const {
  std::string out;
  append_text(out);
  return out;
}

Number Number::negated() const {
  Number result = *this;
  if (!is_zero()) result.negative_ = !negative_;
  return result;
}

Checked<Number> Number::add(const Number& a, const Number& b) {
  if (a.is_zero()) return b;
  if (b.is_zero()) return a;
  const Number& low = a.exponent_ <= b.exponent_ ? a : b;
  const Number& high = a.exponent_ <= b.exponent_ ? b : a;
  // Both are normalised, so the sum's last digit is at the lower exponent (unless they meet there,
  // and digits cancel). If the higher one then starts past 38 digits above, the exact sum cannot
  // fit.
  const int shift = high.exponent_ - low.exponent_;
  if (shift + high.digits() > kMaxDigits + 1) return invalid(std::string(kTooPrecise));
  const Coefficient x = low.coefficient_;
  Coefficient y = high.coefficient_;
  // 39 digits can exceed 128 bits (3.4e38), so the last step is checked.
  for (int i = 0; i < shift; ++i) {
    if (y > (~Coefficient{0} / 2) / 10) return invalid(std::string(kTooPrecise));
    y *= 10;
  }
  Coefficient sum;
  bool negative;
  if (low.negative_ == high.negative_) {
    sum = x + y;  // both below 1.8e38: no wrap
    negative = low.negative_;
  } else if (x >= y) {
    sum = x - y;
    negative = low.negative_;
  } else {
    sum = y - x;
    negative = high.negative_;
  }
  int exponent = low.exponent_;
  while (sum != 0 && sum % 10 == 0) {
    sum /= 10;
    ++exponent;
  }
  if (sum >= kPowers[kMaxDigits]) return invalid(std::string(kTooPrecise));
  return normalise(negative, sum, exponent);
}

Checked<Number> Number::subtract(const Number& a, const Number& b) { return add(a, b.negated()); }

std::strong_ordering Number::operator<=>(const Number& other) const {
  const int sign = is_zero() ? 0 : (negative_ ? -1 : 1);
  const int other_sign = other.is_zero() ? 0 : (other.negative_ ? -1 : 1);
  if (sign != other_sign || sign == 0) return sign <=> other_sign;
  auto order = magnitude() <=> other.magnitude();
  if (order == 0) {
    // The same magnitude: the coefficients are compared at the same scale, which fits 38 digits.
    Coefficient x = coefficient_;
    Coefficient y = other.coefficient_;
    if (exponent_ > other.exponent_)
      x *= kPowers[static_cast<std::size_t>(exponent_ - other.exponent_)];
    if (exponent_ < other.exponent_)
      y *= kPowers[static_cast<std::size_t>(other.exponent_ - exponent_)];
    order = x <=> y;
  }
  if (!negative_) return order;
  return 0 <=> order;
}

std::optional<Number> Number::from_parts(bool negative, Coefficient coefficient, int exponent) {
  if (coefficient == 0) {
    if (negative || exponent != 0) return std::nullopt;
    return Number{};
  }
  if (coefficient % 10 == 0 || coefficient >= kPowers[kMaxDigits]) return std::nullopt;
  if (exponent < -1000 || exponent > 1000) return std::nullopt;
  auto number = normalise(negative, coefficient, exponent);
  if (!number) return std::nullopt;
  return *number;
}

// Key form: class byte (1 negative, 2 zero, 3 positive); magnitude + 130; then two digits a byte,
// plus one, so that the final zero byte sorts first. All bytes behind the class are inverted for a
// negative.
void Number::append_key(std::string& out) const {
  if (is_zero()) {
    out.push_back('\x02');
    return;
  }
  std::array<char, 40> buffer;
  const std::string_view text = to_digits(coefficient_, buffer);
  const unsigned flip = negative_ ? 0xFFU : 0U;
  const auto put = [&](unsigned byte) { out.push_back(static_cast<char>(byte ^ flip)); };
  out.push_back(negative_ ? '\x01' : '\x03');
  put(static_cast<unsigned>(magnitude() - kMinMagnitude));
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const unsigned tens = static_cast<unsigned>(text[i] - '0') * 10;
    const unsigned ones = i + 1 < text.size() ? static_cast<unsigned>(text[i + 1] - '0') : 0U;
    put(tens + ones + 1);
  }
  put(0);
}

std::optional<Number> Number::take_key(std::string_view& bytes) {
  if (bytes.empty()) return std::nullopt;
  const char kind = bytes.front();
  if (kind == '\x02') {
    bytes.remove_prefix(1);
    return Number{};
  }
  if (kind != '\x01' && kind != '\x03') return std::nullopt;
  const bool negative = kind == '\x01';
  const unsigned flip = negative ? 0xFFU : 0U;
  std::size_t at = 1;
  const auto next = [&]() -> std::optional<unsigned> {
    if (at == bytes.size()) return std::nullopt;
    return static_cast<unsigned char>(bytes[at++]) ^ flip;
  };
  const auto magnitude = next();
  if (!magnitude) return std::nullopt;
  Coefficient coefficient = 0;
  int digits = 0;
  for (;;) {
    const auto pair = next();
    if (!pair) return std::nullopt;
    if (*pair == 0) break;
    if (*pair > 100 || digits >= kMaxDigits) return std::nullopt;
    coefficient = coefficient * 100 + (*pair - 1);
    digits += 2;
  }
  if (coefficient == 0 || count_digits(coefficient) != digits) return std::nullopt;
  int exponent = static_cast<int>(*magnitude) + kMinMagnitude - digits + 1;
  if (coefficient % 10 == 0) {  // the second half of the last pair may be padding
    coefficient /= 10;
    ++exponent;
  }
  auto number = from_parts(negative, coefficient, exponent);
  if (number) bytes.remove_prefix(at);
  return number;
}

}  // namespace mayfly::dynamodb
