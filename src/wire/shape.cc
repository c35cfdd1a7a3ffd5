#include "wire/shape.h"

namespace mayfly::wire {

const FieldInfo* ShapeInfo::find(std::string_view name) const {
  for (const FieldInfo& field : fields) {
    if (field.spec.name == name) return &field;
  }
  return nullptr;
}

void ShapeInfo::add(const FieldSpec& spec, const TypeInfo& type, std::size_t offset) {
  FieldInfo& field = fields.emplace_back();
  field.spec = spec;
  field.type = &type;
  field.offset = offset;
  auto pattern_of = [](const Rules& rules) {
    return rules.pattern.empty() ? nullptr : std::make_unique<Pattern>(rules.pattern);
  };
  field.pattern = pattern_of(spec.rules);
  field.each_pattern = pattern_of(spec.each);
  field.key_pattern = pattern_of(spec.keys);
  if (spec.place != Place::body) only_body = false;
}

void ShapeInfo::finish() {
  for (const FieldInfo& field : fields) {
    if (field.spec.place == Place::payload) payload = &field;
  }
}

}  // namespace mayfly::wire
