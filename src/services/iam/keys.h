// Where IAM keeps what. The only file that knows these bytes. Names are unique whatever their case,
// so keys have them in lower case.
//
//   iam (account) 1 role              RoleRow
//   iam (account) 2 role policy       the inline policy's document
//   iam (account) 3 role policy-arn   the attached policy's name
//   iam (account) 4 policy            PolicyRow, with all its versions
//   iam (account) 5 user              UserRow
//   iam (account) 6 user access-key   empty: the keys of a user
//   iam 7 access-key                  AccessKeyRow: found without knowing the account
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "base/strings.h"
#include "store/key.h"
#include "store/keyspaces.h"
#include "wire/shape.h"

namespace mayfly::iam {

using Tags = std::map<std::string, std::string>;

struct RoleRow {
  std::string name, id, path = "/";
  std::int64_t created_ms = 0;
  std::string trust_policy;
  std::optional<std::string> description;
  std::int32_t max_session_seconds = 3600;
  Tags tags;
  static constexpr auto shape() {
    using Self = RoleRow;
    return std::tuple{wire::field("name", &Self::name),
                      wire::field("id", &Self::id),
                      wire::field("path", &Self::path),
                      wire::field("created", &Self::created_ms),
                      wire::field("trust", &Self::trust_policy),
                      wire::field("description", &Self::description),
                      wire::field("max_session", &Self::max_session_seconds),
                      wire::field("tags", &Self::tags)};
  }
};

struct PolicyVersionRow {
  std::string document;
  std::int64_t created_ms = 0;
  static constexpr auto shape() {
    using Self = PolicyVersionRow;
    return std::tuple{wire::field("document", &Self::document),
                      wire::field("created", &Self::created_ms)};
  }
};

struct PolicyRow {
  std::string name, id, path = "/";
  std::optional<std::string> description;
  std::int64_t created_ms = 0, updated_ms = 0;
  std::string default_version = "v1";
  std::int32_t next_version = 2;
  std::int32_t attachments = 0;
  std::map<std::string, PolicyVersionRow> versions;  // "v1" ...
  Tags tags;
  static constexpr auto shape() {
    using Self = PolicyRow;
    return std::tuple{wire::field("name", &Self::name),
                      wire::field("id", &Self::id),
                      wire::field("path", &Self::path),
                      wire::field("description", &Self::description),
                      wire::field("created", &Self::created_ms),
                      wire::field("updated", &Self::updated_ms),
                      wire::field("default", &Self::default_version),
                      wire::field("next", &Self::next_version),
                      wire::field("attachments", &Self::attachments),
                      wire::field("versions", &Self::versions),
                      wire::field("tags", &Self::tags)};
  }
};

struct UserRow {
  std::string name, id, path = "/";
  std::int64_t created_ms = 0;
  Tags tags;
  static constexpr auto shape() {
    using Self = UserRow;
    return std::tuple{wire::field("name", &Self::name), wire::field("id", &Self::id),
                      wire::field("path", &Self::path), wire::field("created", &Self::created_ms),
                      wire::field("tags", &Self::tags)};
  }
};

struct AccessKeyRow {
  std::string account, user, user_arn, user_id;
  std::string secret_key;
  std::string status = "Active";
  std::int64_t created_ms = 0;
  static constexpr auto shape() {
    using Self = AccessKeyRow;
    return std::tuple{
        wire::field("account", &Self::account),   wire::field("user", &Self::user),
        wire::field("arn", &Self::user_arn),      wire::field("id", &Self::user_id),
        wire::field("secret", &Self::secret_key), wire::field("status", &Self::status),
        wire::field("created", &Self::created_ms)};
  }
};

enum class Table : std::uint8_t {  // stored: append only
  roles = 1,
  role_policies = 2,
  role_attachments = 3,
  policies = 4,
  users = 5,
  user_keys = 6,
};

inline std::string table_prefix(Table table, std::string_view account) {
  return store::key_in_account(store::KeySpace::iam, account)
      .u8(static_cast<std::uint8_t>(table))
      .done();
}
inline std::string row_key(Table table, std::string_view account, std::string_view name) {
  return store::key_in_account(store::KeySpace::iam, account)
      .u8(static_cast<std::uint8_t>(table))
      .str(base::to_lower(name))
      .done();
}
inline std::string row_key(Table table, std::string_view account, std::string_view owner,
                           std::string_view name) {
  return store::key_in_account(store::KeySpace::iam, account)
      .u8(static_cast<std::uint8_t>(table))
      .str(base::to_lower(owner))
      .str(name)
      .done();
}
// The last string of a key that row_key() made, behind `prefix`.
inline std::optional<std::string> name_of(std::string_view prefix, std::string_view key) {
  store::KeyReader reader(key);
  if (!reader.skip(prefix)) return std::nullopt;
  return reader.str();
}

inline std::string access_key_key(std::string_view access_key) {
  return store::key_in(store::KeySpace::iam).u8(7).str(access_key).done();
}

}  // namespace mayfly::iam
