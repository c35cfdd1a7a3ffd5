// Where STS keeps the credentials that it handed out: sts 1 access-key -> SessionRow. The only file
// that knows these bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include "store/key.h"
#include "store/keyspaces.h"
#include "wire/shape.h"

namespace mayfly::sts {

struct SessionRow {
  std::string secret_key, session_token;
  std::int64_t expires_ms = 0;
  bool role = false;  // of a role; else of the caller itself (GetSessionToken)
  std::string account, arn, user_id;
  static constexpr auto shape() {
    using Self = SessionRow;
    return std::tuple{
        wire::field("secret", &Self::secret_key),  wire::field("token", &Self::session_token),
        wire::field("expires", &Self::expires_ms), wire::field("role", &Self::role),
        wire::field("account", &Self::account),    wire::field("arn", &Self::arn),
        wire::field("user", &Self::user_id)};
  }
};

inline std::string sessions_prefix() { return store::key_in(store::KeySpace::sts).u8(1).done(); }
inline std::string session_key(std::string_view access_key) {
  return store::key_in(store::KeySpace::sts).u8(1).str(access_key).done();
}

}  // namespace mayfly::sts
