#include "store/key.h"

#include "store/store.h"

namespace mayfly::store {
namespace {
// What may follow 00 inside a string or bytes element.
constexpr char kEscape = static_cast<char>(0xFF);
constexpr char kEnd = 0x01;
}  // namespace

void KeyWriter::append_escaped(char code, std::string_view value) {
  key_.reserve(key_.size() + value.size() + 3);
  key_.push_back(code);
  for (;;) {
    const std::size_t zero = value.find('\0');
    key_.append(value.substr(0, zero));
    if (zero == std::string_view::npos) break;
    key_.push_back('\0');
    key_.push_back(kEscape);
    value.remove_prefix(zero + 1);
  }
  key_.push_back('\0');
  key_.push_back(kEnd);
}

void KeyWriter::append_integer(char code, std::uint64_t value) {
  key_.push_back(code);
  key_.append(encode_sequence(value));
}

KeyWriter begin_key(std::uint8_t space) {
  KeyWriter writer;
  writer.key_.push_back(static_cast<char>(space));
  return writer;
}

std::nullopt_t KeyReader::fail() {
  failed_ = true;
  rest_ = {};
  return std::nullopt;
}

bool KeyReader::take_code(char code) {
  if (failed_ || rest_.empty() || rest_.front() != code) return false;
  rest_.remove_prefix(1);
  return true;
}

std::optional<std::uint64_t> KeyReader::take_integer() {
  if (failed_ || rest_.size() < 8) return fail();
  std::uint64_t value = 0;
  for (char byte : rest_.substr(0, 8)) value = (value << 8) | static_cast<std::uint8_t>(byte);
  rest_.remove_prefix(8);
  return value;
}

std::optional<std::string> KeyReader::take_escaped(char code) {
  if (!take_code(code)) return fail();
  std::string value;
  for (;;) {
    const std::size_t zero = rest_.find('\0');
    if (zero == std::string_view::npos || zero + 1 == rest_.size()) return fail();
    value.append(rest_.substr(0, zero));
    const char mark = rest_[zero + 1];
    rest_.remove_prefix(zero + 2);
    if (mark == kEnd) return value;
    if (mark != kEscape) return fail();
    value.push_back('\0');
  }
}

std::optional<std::string> KeyReader::bytes() { return take_escaped(KeyWriter::kBytes); }

std::optional<std::string> KeyReader::str() { return take_escaped(KeyWriter::kString); }

std::optional<std::uint8_t> KeyReader::u8() {
  if (!take_code(KeyWriter::kU8)) return fail();
  return space();
}

std::optional<std::uint64_t> KeyReader::u64() {
  if (!take_code(KeyWriter::kU64)) return fail();
  return take_integer();
}

std::optional<std::int64_t> KeyReader::i64() {
  if (!take_code(KeyWriter::kI64)) return fail();
  const std::optional<std::uint64_t> value = take_integer();
  if (!value) return std::nullopt;
  return static_cast<std::int64_t>(*value ^ KeyWriter::kSignBit);
}

std::optional<std::string_view> KeyReader::raw() {
  if (!take_code(KeyWriter::kRaw)) return fail();
  return std::exchange(rest_, {});
}

std::optional<std::uint64_t> KeyReader::sequence() { return take_integer(); }

std::optional<std::uint8_t> KeyReader::space() {
  if (failed_ || rest_.empty()) return fail();
  const auto value = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return value;
}

bool KeyReader::skip(std::string_view prefix) {
  if (failed_ || !rest_.starts_with(prefix)) {
    fail();
    return false;
  }
  rest_.remove_prefix(prefix.size());
  return true;
}

}  // namespace mayfly::store
