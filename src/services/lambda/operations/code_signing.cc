#include <fmt/format.h>

#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

constexpr std::string_view kEnforce = "Enforce";

std::string arn_of(const base::Scope& scope, std::string_view id) {
  return scope.arn("lambda", fmt::format("code-signing-config:{}", id));
}

// The last part of the ARN; its pattern is checked already.
std::string id_of(const std::string& arn) { return arn.substr(arn.rfind(':') + 1); }

CodeSigningConfig shown(const base::Scope& scope, const std::string& id,
                        const CodeSigningRow& row) {
  CodeSigningConfig out;
  out.code_signing_config_id = id;
  out.code_signing_config_arn = arn_of(scope, id);
  out.description = row.description;
  out.allowed_publishers.signing_profile_version_arns = row.publishers;
  out.code_signing_policies.untrusted_artifact_on_deployment = row.policy;
  out.last_modified = row.modified;
  return out;
}

std::unexpected<wire::ApiError> none(const std::string& arn) {
  return wire::fail(kResourceNotFound,
                    fmt::format("The code signing configuration cannot be found. Check that the "
                                "provided configuration is not deleted: {}.",
                                arn));
}

base::Task<wire::Result<CodeSigningRow>> need(store::Transaction& transaction, base::Scope scope,
                                              std::string arn) {
  const std::string id = id_of(arn);
  if (arn != arn_of(scope, id)) co_return none(arn);
  auto row = co_await find_row<CodeSigningRow>(transaction, code_signing_key(scope, id));
  if (!row) co_return std::unexpected(row.error());
  if (!*row) co_return none(arn);
  co_return std::move(**row);
}

// Names of the functions that have it.
base::Task<wire::Result<std::vector<std::string>>> users_of(store::Transaction& transaction,
                                                            base::Scope scope, std::string arn) {
  std::vector<std::string> names;
  const std::string prefix = table_prefix(Table::functions, scope);
  std::optional<std::string> marker;
  do {
    auto page = co_await read_page(transaction, prefix, marker, 1000);
    if (!page) co_return std::unexpected(page.error());
    for (const store::KeyValue& entry : page->rows) {
      auto row = wire::from_row<FunctionRow>(entry.value);
      if (!row) co_return std::unexpected(row.error());
      if (row->code_signing == arn) names.push_back(read_name(prefix, entry.key).value_or(""));
    }
    marker = std::move(page->next_marker);
  } while (marker);
  co_return names;
}

base::Task<wire::Result<void>> set_of_function(Lambda& lambda, base::Scope scope, std::string name,
                                               std::string arn) {
  co_return co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto function = co_await need_function(transaction, scope, name);
        if (!function) co_return std::unexpected(function.error());
        if (!arn.empty()) {
          auto row = co_await need(transaction, scope, arn);
          if (!row) co_return wire::fail(kCodeSigningConfigNotFound, row.error().message);
        }
        function->code_signing = arn;
        transaction.put(function_key(scope, name), wire::to_row(std::move(*function)));
        co_return wire::Result<void>{};
      });
}

}  // namespace

base::Task<wire::Result<void>> check_signature(store::Transaction& transaction, base::Scope scope,
                                               std::string config_arn) {
  if (config_arn.empty()) co_return wire::Result<void>{};
  auto row = co_await need(transaction, scope, config_arn);
  if (!row) co_return wire::fail(kCodeSigningConfigNotFound, row.error().message);
  if (row->policy != kEnforce) co_return wire::Result<void>{};
  co_return wire::fail(
      kCodeVerificationFailed,
      "The code signature failed one or more of the validation checks for signature mismatch or "
      "expiry, and the code signing policy is set to ENFORCE. Lambda blocks the deployment.");
}

Answer<CreateCodeSigningConfigResponse> create_code_signing_config(
    Lambda& lambda, const Context& context, CreateCodeSigningConfigRequest request) {
  if (request.tags && !request.tags->empty())
    co_return wire::not_supported("CreateCodeSigningConfig with Tags");
  CodeSigningRow row;
  row.description = request.description.value_or("");
  row.policy =
      request.code_signing_policies
          ? request.code_signing_policies->untrusted_artifact_on_deployment.value_or("Warn")
          : "Warn";
  row.publishers = std::move(request.allowed_publishers.signing_profile_version_arns);
  row.modified = base::iso8601_ms(lambda.clock.now());
  const std::string id = "csc-" + lambda.ids.hex(17);
  auto done = co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        transaction.put(code_signing_key(context.scope, id), wire::to_row(row));
        co_return wire::Result<void>{};
      });
  if (!done) co_return std::unexpected(done.error());
  co_return CreateCodeSigningConfigResponse{shown(context.scope, id, row)};
}

Answer<GetCodeSigningConfigResponse> get_code_signing_config(Lambda& lambda, const Context& context,
                                                             GetCodeSigningConfigRequest request) {
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto row = co_await need(*transaction, context.scope, request.code_signing_config_arn);
  if (!row) co_return std::unexpected(row.error());
  co_return GetCodeSigningConfigResponse{
      shown(context.scope, id_of(request.code_signing_config_arn), *row)};
}

Answer<UpdateCodeSigningConfigResponse> update_code_signing_config(
    Lambda& lambda, const Context& context, UpdateCodeSigningConfigRequest request) {
  const std::string& arn = request.code_signing_config_arn;
  auto done = co_await store::transact(
      lambda.store,
      [&](store::Transaction& transaction) -> base::Task<wire::Result<CodeSigningRow>> {
        auto row = co_await need(transaction, context.scope, arn);
        if (!row) co_return row;
        if (request.description) row->description = *request.description;
        if (request.allowed_publishers)
          row->publishers = request.allowed_publishers->signing_profile_version_arns;
        if (request.code_signing_policies)
          row->policy =
              request.code_signing_policies->untrusted_artifact_on_deployment.value_or(row->policy);
        row->modified = base::iso8601_ms(lambda.clock.now());
        transaction.put(code_signing_key(context.scope, id_of(arn)), wire::to_row(*row));
        co_return row;
      });
  if (!done) co_return std::unexpected(done.error());
  co_return UpdateCodeSigningConfigResponse{shown(context.scope, id_of(arn), *done)};
}

Answer<DeleteCodeSigningConfigResponse> delete_code_signing_config(
    Lambda& lambda, const Context& context, DeleteCodeSigningConfigRequest request) {
  const std::string& arn = request.code_signing_config_arn;
  auto done = co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto row = co_await need(transaction, context.scope, arn);
        if (!row) co_return std::unexpected(row.error());
        auto users = co_await users_of(transaction, context.scope, arn);
        if (!users) co_return std::unexpected(users.error());
        if (!users->empty()) {
          co_return wire::fail(kResourceConflict,
                               fmt::format("The code signing configuration {} is in use by {} "
                                           "functions.",
                                           arn, users->size()));
        }
        transaction.erase(code_signing_key(context.scope, id_of(arn)));
        co_return wire::Result<void>{};
      });
  if (!done) co_return std::unexpected(done.error());
  co_return DeleteCodeSigningConfigResponse{};
}

Answer<ListCodeSigningConfigsResponse> list_code_signing_configs(
    Lambda& lambda, const Context& context, ListCodeSigningConfigsRequest request) {
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  const std::string prefix = table_prefix(Table::code_signing, context.scope);
  auto page = co_await read_page(*transaction, prefix, std::move(request.marker),
                                 static_cast<std::size_t>(request.max_items.value_or(50)));
  if (!page) co_return std::unexpected(page.error());
  ListCodeSigningConfigsResponse response;
  for (const store::KeyValue& entry : page->rows) {
    auto row = wire::from_row<CodeSigningRow>(entry.value);
    if (!row) co_return std::unexpected(row.error());
    response.code_signing_configs.push_back(
        shown(context.scope, read_name(prefix, entry.key).value_or(""), *row));
  }
  response.next_marker = std::move(page->next_marker);
  co_return response;
}

Answer<PutFunctionCodeSigningConfigResponse> put_function_code_signing_config(
    Lambda& lambda, const Context& context, PutFunctionCodeSigningConfigRequest request) {
  auto target = resolve_target(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  auto done = co_await set_of_function(lambda, context.scope, target->name,
                                       request.code_signing_config_arn);
  if (!done) co_return std::unexpected(done.error());
  co_return PutFunctionCodeSigningConfigResponse{std::move(request.code_signing_config_arn),
                                                 target->name};
}

Answer<GetFunctionCodeSigningConfigResponse> get_function_code_signing_config(
    Lambda& lambda, const Context& context, GetFunctionCodeSigningConfigRequest request) {
  auto target = resolve_target(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto function = co_await need_function(*transaction, context.scope, target->name);
  if (!function) co_return std::unexpected(function.error());
  co_return GetFunctionCodeSigningConfigResponse{std::move(function->code_signing), target->name};
}

Answer<void> delete_function_code_signing_config(Lambda& lambda, const Context& context,
                                                 DeleteFunctionCodeSigningConfigRequest request) {
  auto target = resolve_target(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  co_return co_await set_of_function(lambda, context.scope, target->name, "");
}

Answer<ListFunctionsByCodeSigningConfigResponse> list_functions_by_code_signing_config(
    Lambda& lambda, const Context& context, ListFunctionsByCodeSigningConfigRequest request) {
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto row = co_await need(*transaction, context.scope, request.code_signing_config_arn);
  if (!row) co_return std::unexpected(row.error());
  auto users = co_await users_of(*transaction, context.scope, request.code_signing_config_arn);
  if (!users) co_return std::unexpected(users.error());
  const auto limit = static_cast<std::size_t>(request.max_items.value_or(50));
  ListFunctionsByCodeSigningConfigResponse response;
  for (const std::string& name : *users) {
    // The marker is the last name of the page before.
    if (request.marker && name <= *request.marker) continue;
    if (response.function_arns.size() == limit) {
      response.next_marker = base::Arn::parse(response.function_arns.back())->resource.substr(9);
      break;
    }
    response.function_arns.push_back(function_arn(context.scope, name));
  }
  co_return response;
}

}  // namespace mayfly::lambda
