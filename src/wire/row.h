// Rows: structs with a shape() as the store keeps them: compact JSON, so members may be added
// later.
//
// Whatever was written before a member existed reads as that member's initial value. Rows that
// cannot be read are a damaged store: InternalFailure.
#pragma once

#include <string>
#include <string_view>

#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/error.h"
#include "wire/json.h"

namespace mayfly::wire {

template <Structure T>
std::string to_row(T object) {
  return to_json(encode(std::move(object)));
}

template <Structure T>
Result<T> from_row(std::string_view bytes) {
  auto document = parse_json(bytes);
  if (!document)
    return fail(kInternalFailure, "A stored row cannot be read: " + document.error().message);
  auto object = decode<T>(std::move(*document));
  if (!object)
    return fail(kInternalFailure, "A stored row cannot be read: " + object.error().message);
  return object;
}

}  // namespace mayfly::wire
