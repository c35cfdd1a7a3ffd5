// Constants: values that belong to trees (ast.h) which point to them. Moving it keeps their
// addresses.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "services/dynamodb/model/value.h"

namespace mayfly::dynamodb {

class Constants {
 public:
  const Value* add(Value value) {
    values_.push_back(std::make_unique<const Value>(std::move(value)));
    return values_.back().get();
  }

 private:
  std::vector<std::unique_ptr<const Value>> values_;
};

}  // namespace mayfly::dynamodb
