// JsonWriter: writes an object straight into text, for events, where a Document in between would
// cost more than the rest. Member order is the order of the calls; open() and close() pair up. Text
// has to be well-formed UTF-8.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/json.h"

namespace mayfly::gateway {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void open() { begin('{'); }
  void open(std::string_view name) { key(name), out_ += '{', comma_ = false; }
  void close() { out_ += '}', comma_ = true; }
  void open_list(std::string_view name) { key(name), out_ += '[', comma_ = false; }
  void close_list() { out_ += ']', comma_ = true; }

  void text(std::string_view name, std::string_view value) {
    key(name), wire::write_json_string(value, out_);
  }
  void element(std::string_view value) {
    if (comma_) out_ += ',';
    comma_ = true;
    wire::write_json_string(value, out_);
  }
  void number(std::string_view name, std::int64_t value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    key(name), out_.append(digits, static_cast<std::size_t>(end - digits));
  }
  void boolean(std::string_view name, bool value) { key(name), out_ += value ? "true" : "false"; }
  void null(std::string_view name) { key(name), out_ += "null"; }
  // `json` is a value already.
  void raw(std::string_view name, std::string_view json) { key(name), out_ += json; }

 private:
  void begin(char bracket) {
    if (comma_) out_ += ',';
    out_ += bracket;
    comma_ = false;
  }
  void key(std::string_view name) {
    if (comma_) out_ += ',';
    comma_ = true;
    wire::write_json_string(name, out_);
    out_ += ':';
  }

  std::string& out_;
  bool comma_ = false;
};

}  // namespace mayfly::gateway
