// Placeholders: ExpressionAttributeNames and ExpressionAttributeValues of one request, and which of
// them its expressions used.
//
// Filled, then given to each parse of the request, then asked whether all were used. Moving it
// keeps the addresses of its values, so parsed trees stay good.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/dynamodb/model/error.h"
#include "services/dynamodb/model/value.h"

namespace mayfly::dynamodb {

class Placeholders {
 public:
  // The key with its '#' or ':'. Refuses keys of another form. Not after the first look-up.
  Checked<void> add_name(std::string key, std::string name);
  Checked<void> add_value(std::string key, Value value);
  void sort();  // once all are added

  // Null where it is not defined; marks it as used.
  const std::string* name(std::string_view key);
  const Value* value(std::string_view key);

  bool has_names() const { return !names_.empty(); }
  bool has_values() const { return !values_.empty(); }
  Checked<void> all_used() const;

 private:
  template <class T>
  struct Entry {
    std::string key;
    T value;
    bool used = false;
  };
  template <class T>
  static T* look_up(std::vector<Entry<T>>& entries, std::string_view key);

  std::vector<Entry<std::string>> names_;
  std::vector<Entry<Value>> values_;
};

}  // namespace mayfly::dynamodb
