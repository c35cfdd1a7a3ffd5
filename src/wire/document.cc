#include "wire/document.h"

#include <cmath>

namespace mayfly::wire {

std::optional<bool> Document::as_bool() const {
  const bool* value = std::get_if<bool>(&value_);
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<std::int64_t> Document::as_int() const {
  if (const auto* integer = std::get_if<std::int64_t>(&value_)) return *integer;
  if (const auto* number = std::get_if<double>(&value_)) {
    // 2^63 itself is a double and no int64.
    if (std::trunc(*number) == *number && *number >= -0x1p63 && *number < 0x1p63) {
      return static_cast<std::int64_t>(*number);
    }
  }
  return std::nullopt;
}

std::optional<double> Document::as_double() const {
  if (const auto* number = std::get_if<double>(&value_)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&value_))
    return static_cast<double>(*integer);
  return std::nullopt;
}

const Document* Document::find(std::string_view name) const {
  const DocumentMap* map = as_map();
  if (map == nullptr) return nullptr;
  for (const auto& [key, value] : *map) {
    if (key == name) return &value;
  }
  return nullptr;
}

Document& Document::set(std::string_view name, Document value) {
  if (is_null()) value_ = DocumentMap{};
  DocumentMap& map = std::get<DocumentMap>(value_);
  for (auto& [key, old] : map) {
    if (key == name) return old = std::move(value);
  }
  return map.emplace_back(std::string(name), std::move(value)).second;
}

void Document::push_back(Document value) {
  if (is_null()) value_ = DocumentList{};
  std::get<DocumentList>(value_).push_back(std::move(value));
}

}  // namespace mayfly::wire
