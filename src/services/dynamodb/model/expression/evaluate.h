// What expressions do to items: conditions hold or not, updates make a new item, projections a part
// of one.
//
// Pure functions; they may run any number of times (a transaction that conflicts runs again).
#pragma once

#include <vector>

#include "services/dynamodb/model/error.h"
#include "services/dynamodb/model/expression/ast.h"

namespace mayfly::dynamodb {

// Null where the path leads nowhere.
const Value* find(const Item& item, const Path& path);

// A missing item is an empty one.
bool holds(const Condition& condition, const Item& item);

// Every right side sees `before`. The item's key is the caller's to protect.
Checked<Item> apply(const Update& update, const Item& before);

// The named parts, inside the maps and lists that lead to them; list elements close ranks.
Item project(const std::vector<const Path*>& paths, const Item& item);
Item project(const Projection& projection, const Item& item);
// As PartiQL's SELECT has it: what each path leads to, named by the path's last name; a list's
// element by its place in the projection ("_1").
Item select_columns(const Projection& projection, const Item& item);

}  // namespace mayfly::dynamodb
