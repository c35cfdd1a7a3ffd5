#include "services/iam/model/access_keys.h"

#include "services/iam/model/rows.h"

namespace mayfly::iam {

base::Task<wire::Result<std::optional<identity::IssuedCredentials>>> AccessKeys::find(
    std::string access_key) {
  using Found = std::optional<identity::IssuedCredentials>;
  if (!access_key.starts_with("AKIA")) co_return Found{};
  std::unique_ptr<store::Transaction> transaction = store_.begin();
  auto row = co_await find_row<AccessKeyRow>(*transaction, access_key_key(access_key));
  if (!row) co_return std::unexpected(row.error());
  if (!*row || (*row)->status != "Active") co_return Found{};
  identity::IssuedCredentials issued;
  issued.secret_key = std::move((*row)->secret_key);
  issued.principal.kind = (*row)->user_arn.ends_with(":root") ? identity::PrincipalKind::root
                                                              : identity::PrincipalKind::user;
  issued.principal.account = (*row)->account;
  issued.principal.arn = (*row)->user_arn;
  issued.principal.user_id = (*row)->user_id;
  issued.principal.access_key = std::move(access_key);
  co_return Found{std::move(issued)};
}

}  // namespace mayfly::iam
