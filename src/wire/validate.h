// Validation: what a decoded member violates, in the words of AWS.
//
// "2 validation errors detected: Value 'x' at 'functionName' failed to satisfy constraint: Member
// must ...; Value ..." Violations are collected, so one answer names all of them (at most
// kMaxViolations).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/error.h"
#include "wire/shape.h"

namespace mayfly::wire {

// Where in a request a value is; a chain on the stack, made text only for a violation:
// "keySchema.1.member.keyType".
struct Path {
  enum class Step { root, member, element, entry };
  Step step = Step::root;
  const Path* parent = nullptr;
  std::string_view name = {};  // of a member (as in the model) or the key of an entry
  std::size_t index = 0;       // of an element, from 1

  std::string str() const;
};

inline constexpr std::size_t kMaxViolations = 20;

class Violations {
 public:
  void add_null(const Path& path);
  void add(const Path& path, std::string value, std::string constraint);
  bool empty() const { return violations_.empty(); }
  ApiError error() const;  // ValidationException; there must be a violation

 private:
  std::vector<std::string> violations_;
};

// Checks the member (decoded, at `value`) against the field's rules, its elements' and its keys'
// rules.
void check_field(const FieldInfo& field, const void* value, const Path& path,
                 Violations& violations);

// The value as AWS prints it in such a message: [a, b] for lists, {k=v} for maps, Name(a=1) for
// nothing else.
std::string printed(const TypeInfo& type, const void* value);

// Java's String.length(): what AWS counts.
std::size_t utf16_length(std::string_view text);

}  // namespace mayfly::wire
