#include "services/dynamodb/model/expression/placeholders.h"

#include <algorithm>

namespace mayfly::dynamodb {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_placeholder(std::string_view key, char sigil) {
  return key.size() > 1 && key.front() == sigil && std::all_of(key.begin() + 1, key.end(), is_word);
}

template <class Entries>
std::string unused_keys(const Entries& entries) {
  std::string keys;
  for (const auto& entry : entries) {
    if (entry.used) continue;
    if (!keys.empty()) keys.append(", ");
    keys.append(entry.key);
  }
  return keys;
}

}  // namespace

Checked<void> Placeholders::add_name(std::string key, std::string name) {
  if (!is_placeholder(key, '#')) {
    return invalid("ExpressionAttributeNames contains invalid key: Syntax error; key: \"" + key +
                   "\"");
  }
  if (name.empty()) {
    return invalid(
        "ExpressionAttributeNames contains invalid value: Attribute names must not be empty for "
        "key " +
        key);
  }
  names_.push_back({std::move(key), std::move(name)});
  return {};
}

Checked<void> Placeholders::add_value(std::string key, Value value) {
  if (!is_placeholder(key, ':')) {
    return invalid("ExpressionAttributeValues contains invalid key: Syntax error; key: \"" + key +
                   "\"");
  }
  values_.push_back({std::move(key), std::move(value)});
  return {};
}

void Placeholders::sort() {
  const auto by_key = [](const auto& a, const auto& b) { return a.key < b.key; };
  std::sort(names_.begin(), names_.end(), by_key);
  std::sort(values_.begin(), values_.end(), by_key);
}

template <class T>
T* Placeholders::look_up(std::vector<Entry<T>>& entries, std::string_view key) {
  const auto at =
      std::lower_bound(entries.begin(), entries.end(), key,
                       [](const Entry<T>& entry, std::string_view k) { return entry.key < k; });
  if (at == entries.end() || at->key != key) return nullptr;
  at->used = true;
  return &at->value;
}

const std::string* Placeholders::name(std::string_view key) { return look_up(names_, key); }
const Value* Placeholders::value(std::string_view key) { return look_up(values_, key); }

Checked<void> Placeholders::all_used() const {
  if (const std::string keys = unused_keys(names_); !keys.empty()) {
    return invalid("Value provided in ExpressionAttributeNames unused in expressions: keys: {" +
                   keys + "}");
  }
  if (const std::string keys = unused_keys(values_); !keys.empty()) {
    return invalid("Value provided in ExpressionAttributeValues unused in expressions: keys: {" +
                   keys + "}");
  }
  return {};
}

}  // namespace mayfly::dynamodb
