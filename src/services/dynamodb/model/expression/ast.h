// What the parsers make of expressions and of the legacy parameters: one form for both.
//
// Names are resolved; values are pointers into the request's values (placeholders.h or the legacy
// parameters), which must outlive the tree. A tree is read-only once parsed: evaluation may run
// again when a transaction conflicts.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "services/dynamodb/model/value.h"

namespace mayfly::dynamodb {

// Which parameter a text came from; its name begins every message about it.
enum class ExpressionKind : std::uint8_t { condition, filter, key_condition, update, projection };

struct PathElement {
  std::string name;  // of a map's member; empty for an index
  std::uint32_t index = 0;
  enum class Kind : std::uint8_t { name, index } kind = Kind::name;
  bool operator==(const PathElement&) const = default;
};

// a.b[3].c; the first element is a name.
struct Path {
  std::vector<PathElement> elements;
  const std::string& attribute() const { return elements.front().name; }
  bool is_top_level() const { return elements.size() == 1; }
  bool operator==(const Path&) const = default;
};

Path path_of(std::string attribute);
std::string describe(const Path& path);  // "[a, b, [3]]"
// An order in which everything under a path follows it at once, list elements by index and before
// names.
bool sorts_before(const Path& a, const Path& b);

struct SizeOf {
  Path path;
};
using Operand = std::variant<Path, const Value*, SizeOf>;

enum class Comparator : std::uint8_t { eq, ne, lt, le, gt, ge };

struct Condition {
  enum class Kind : std::uint8_t {
    all_of,       // children
    any_of,       // children
    negation,     // one child
    compare,      // operands: left, right
    between,      // operands: subject, low, high
    in,           // operands: subject, candidates...
    exists,       // operands: path
    not_exists,   // operands: path
    has_type,     // operands: path, value (a string, a type's name)
    begins_with,  // operands: subject, prefix
    contains,     // operands: subject, element
    never         // the legacy comparisons that no item can meet
  };
  Kind kind = Kind::never;
  Comparator comparator = Comparator::eq;
  std::vector<Operand> operands;
  std::vector<Condition> children;
};

// The right side of SET.
struct UpdateTerm {
  enum class Kind : std::uint8_t {
    path,           // path
    value,          // value
    if_not_exists,  // path, arguments[0]
    list_append,    // arguments[0], arguments[1]
    plus,           // arguments[0], arguments[1]
    minus           // arguments[0], arguments[1]
  };
  Kind kind = Kind::value;
  const Value* value = nullptr;
  Path path;
  std::vector<UpdateTerm> arguments;
};

struct Update {
  struct Set {
    Path path;
    UpdateTerm term;
  };
  struct WithValue {
    Path path;
    const Value* value;
  };
  // A legacy ADD may append to a list, which the expression may not.
  enum class Lists : std::uint8_t { refuse, append };

  std::vector<Set> sets;
  std::vector<Path> removes;
  std::vector<WithValue> adds;
  std::vector<WithValue> deletes;
  Lists add_to_lists = Lists::refuse;

  // Every path that it changes, in the order written.
  std::vector<const Path*> targets() const;
};

using Projection = std::vector<Path>;

}  // namespace mayfly::dynamodb
