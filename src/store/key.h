// Tuple keys: an order-preserving encoding of (string, integer, ...) tuples, so that comparing
// encoded keys bytewise compares the tuples element by element. The idea is that of FoundationDB's
// tuple layer.
//
// Every element begins with a type code; the codes are part of the stored format and are
// append-only:
//   bytes  01  content with 00 written as 00 FF, then 00 01
//   str    02  the same
//   u8     08  one byte
//   u64    10  eight bytes, big-endian
//   i64    11  eight bytes, big-endian, sign bit flipped
//   raw    20  content as it is, up to the end of the key: always the last element
// The two-byte end keeps ("a") from being a bytewise prefix of ("a\0"), so a prefix query on a
// string that a user chose never meets another user-chosen string. A tuple that is a prefix of
// another encodes to a prefix of the other's key: to read everything under (a, b), query
// prefix_query(KeyWriter{}.str(a).str(b).done()). raw("x") is a prefix of raw("xyz"), unlike str. A
// sequence that put_sequenced() wrote has no type code; read it with KeyReader::sequence().
//
//   std::string key = key_in(KeySpace::lambda, scope).str(name).u64(version).done();   //
//   keyspaces.h KeyReader reader(key); ...  auto name = reader.str();  if (!name) -> corrupt
//
// Threads: plain values. KeyReader refers to bytes of the caller and never throws; what it yields
// was checked, and once an element did not fit, all that follow yield nullopt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mayfly::store {

class KeyWriter {
 public:
  KeyWriter() = default;

  template <class Self>
  Self&& bytes(this Self&& self, std::string_view value) {
    self.append_escaped(kBytes, value);
    return std::forward<Self>(self);
  }
  template <class Self>
  Self&& str(this Self&& self, std::string_view value) {
    self.append_escaped(kString, value);
    return std::forward<Self>(self);
  }
  template <class Self>
  Self&& u8(this Self&& self, std::uint8_t value) {
    self.key_.push_back(kU8);
    self.key_.push_back(static_cast<char>(value));
    return std::forward<Self>(self);
  }
  template <class Self>
  Self&& u64(this Self&& self, std::uint64_t value) {
    self.append_integer(kU64, value);
    return std::forward<Self>(self);
  }
  template <class Self>
  Self&& i64(this Self&& self, std::int64_t value) {
    self.append_integer(kI64, static_cast<std::uint64_t>(value) ^ kSignBit);
    return std::forward<Self>(self);
  }
  template <class Self>
  Self&& raw(this Self&& self, std::string_view rest) {
    self.key_.push_back(kRaw);
    self.key_.append(rest);
    return std::forward<Self>(self);
  }

  // The key so far; moved out of a temporary, copied out of a named writer.
  std::string done() && { return std::move(key_); }
  std::string done() const& { return key_; }

 private:
  friend class KeyReader;
  friend KeyWriter begin_key(std::uint8_t space);

  static constexpr char kBytes = 0x01;
  static constexpr char kString = 0x02;
  static constexpr char kU8 = 0x08;
  static constexpr char kU64 = 0x10;
  static constexpr char kI64 = 0x11;
  static constexpr char kRaw = 0x20;
  static constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

  void append_escaped(char code, std::string_view value);
  void append_integer(char code, std::uint64_t value);

  std::string key_;
};

// A writer whose key starts with this one byte, without a type code. Only keyspaces.h calls it.
KeyWriter begin_key(std::uint8_t space);

class KeyReader {
 public:
  explicit KeyReader(std::string_view key) : rest_(key) {}

  std::optional<std::string> bytes();
  std::optional<std::string> str();
  std::optional<std::uint8_t> u8();
  std::optional<std::uint64_t> u64();
  std::optional<std::int64_t> i64();
  std::optional<std::string_view> raw();    // all that is left
  std::optional<std::uint64_t> sequence();  // eight bytes that put_sequenced() wrote
  std::optional<std::uint8_t> space();      // the first byte of a key made by keyspaces.h
  bool skip(std::string_view prefix);       // true where the rest began with it; it is consumed

  // True where everything was read and everything fitted.
  bool at_end() const { return !failed_ && rest_.empty(); }
  bool failed() const { return failed_; }

 private:
  std::nullopt_t fail();
  bool take_code(char code);
  std::optional<std::uint64_t> take_integer();
  std::optional<std::string> take_escaped(char code);

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace mayfly::store
