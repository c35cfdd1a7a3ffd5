// History: the old images of a table's items, in the order of their changes, so that the table can
// be had as it was.
//
// Kept only while somebody may need it: point-in-time recovery is on, or a backup or a restore is
// copying the table. A change leaves what its item was, in its own transaction, at the commit's
// sequence. Whoever wants the table of an earlier moment copies it as it is while writers go on,
// then undoes the history from its end back to that moment: what was copied too late, or in
// between, is put right by it. docs/formats/dynamodb-items.md has the bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "services/dynamodb/model/schema.h"
#include "store/store.h"

namespace mayfly::dynamodb {

// `row`: the item's key. `before`: its stored form, empty where there was none.
void keep_old_image(store::Transaction& transaction, const Table& table, std::string_view row,
                    std::string_view before, base::WallTime now);
// Marks the moment of this commit under a name.
void mark_history(store::Transaction& transaction, const Table& table, std::string_view mark);

struct OldImage {
  bool is_mark = false;
  base::WallTime time;    // of a change
  std::string_view rest;  // the old image, empty: there was none; or the mark's name
};
// Of a row's value, and referring to it; nullopt where it cannot be read.
std::optional<OldImage> read_old_image(std::string_view value);

}  // namespace mayfly::dynamodb
