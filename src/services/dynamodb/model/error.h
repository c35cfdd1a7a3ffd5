// Invalid: why a request's values or expressions are refused, in DynamoDB's wording.
//
// The model knows no API; operations answer an Invalid as a ValidationException.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace mayfly::dynamodb {

struct Invalid {
  std::string message;
};

template <class T>
using Checked = std::expected<T, Invalid>;

inline std::unexpected<Invalid> invalid(std::string message) {
  return std::unexpected(Invalid{std::move(message)});
}

}  // namespace mayfly::dynamodb
