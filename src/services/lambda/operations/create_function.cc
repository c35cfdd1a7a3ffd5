#include <fmt/format.h>

#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

wire::Result<std::string> new_name(const base::Scope& scope, const std::string& text) {
  auto target = resolve_target(scope, text);
  if (!target) return std::unexpected(target.error());
  if (target->name.size() > kMaxFunctionName) {
    return wire::fail(
        wire::kValidation,
        fmt::format("1 validation error detected: Value '{}' at 'functionName' failed to satisfy "
                    "constraint: Member must have length less than or equal to {}",
                    target->name, kMaxFunctionName));
  }
  if (!target->qualifier.empty() && target->qualifier != kLatest) {
    return wire::fail(kInvalidParameterValue,
                      "A function cannot be created with a qualifier in its name.");
  }
  return std::move(target->name);
}

wire::Result<VersionRow> new_version(const CreateFunctionRequest& request, const std::string& name,
                                     const SettingLimits& limits) {
  const bool image = request.package_type == "Image";
  if (image && !request.code.image_uri) {
    return wire::fail(kInvalidParameterValue,
                      "Please provide ImageUri when the intended function PackageType is Image.");
  }
  if (!image && request.code.image_uri) {
    return wire::fail(kInvalidParameterValue,
                      "Please don't provide ImageUri when the intended function PackageType is "
                      "Zip.");
  }
  if (!image && (!request.runtime || !request.handler)) {
    return wire::fail(kInvalidParameterValue,
                      "Runtime and Handler are mandatory parameters for functions created with "
                      "deployment packages.");
  }
  if (auto refused = refuse_feature("TenancyConfig", request.tenancy_config); !refused) {
    return std::unexpected(refused.error());
  }
  VersionRow row;
  row.role = request.role;
  row.log_group = "/aws/lambda/" + name;
  if (image) row.image.emplace();  // filled when it is taken
  if (request.architectures) row.architectures = *request.architectures;
  if (auto applied = apply_settings(row, request, name, limits); !applied)
    return std::unexpected(applied.error());
  return row;
}

}  // namespace

Answer<FunctionConfiguration> create_function(Lambda& lambda, const Context& context,
                                              CreateFunctionRequest request) {
  auto name = new_name(context.scope, request.function_name);
  if (!name) co_return std::unexpected(name.error());
  auto row = new_version(request, *name, lambda.options.limits);
  if (!row) co_return std::unexpected(row.error());
  FunctionRow function;
  if (request.tags) function.tags = std::move(*request.tags);
  function.code_signing = request.code_signing_config_arn.value_or("");

  // The pin inside the package keeps its files until the commit that refers to them.
  CodeSource source{std::move(request.code.zip_file), std::move(request.code.s3_bucket),
                    std::move(request.code.s3_key), std::move(request.code.image_uri),
                    row->architectures.front()};
  auto code = co_await take_code(lambda, std::move(source), "CreateFunction", Keep::yes);
  if (!code) co_return std::unexpected(code.error());
  use(*row, *code);
  row->last_modified = base::iso8601_lambda(lambda.clock.now());
  row->revision_id = lambda.ids.uuid();
  row->build = lambda.ids.uuid();

  const bool with_version = request.publish.value_or(false);
  const VersionId latest{context.scope, *name, kLatestNumber};
  auto done = co_await store::transact(
      lambda.store,
      [&](store::Transaction& transaction) -> base::Task<wire::Result<std::optional<Published>>> {
        auto found =
            co_await find_row<FunctionRow>(transaction, function_key(latest.scope, latest.name));
        if (!found) co_return std::unexpected(found.error());
        if (*found)
          co_return wire::fail(kResourceConflict,
                               fmt::format("Function already exist: {}", latest.name));
        if (auto trusted =
                co_await check_signature(transaction, latest.scope, function.code_signing);
            !trusted) {
          co_return std::unexpected(trusted.error());
        }
        if (auto placed =
                co_await place_layers(lambda, transaction, latest.scope, request.layers, *row);
            !placed) {
          co_return std::unexpected(placed.error());
        }
        transaction.put(function_key(latest.scope, latest.name), wire::to_row(function));
        transaction.put(version_key(latest.scope, latest.name, kLatestNumber), wire::to_row(*row));
        lambda.collector.track(transaction, latest, nullptr, &*row);
        Lifecycle::mark(transaction, latest);
        if (!with_version) co_return std::optional<Published>{};
        auto published = co_await publish(transaction, lambda, latest.scope, latest.name, function,
                                          *row, std::nullopt);
        if (!published) co_return std::unexpected(published.error());
        co_return std::optional<Published>(std::move(*published));
      });
  if (!done) co_return std::unexpected(done.error());
  FunctionConfiguration answer = shown(latest.scope, latest.name, kLatestNumber, *row, "");
  if (*done) {
    const std::string number = version_text((*done)->version);
    answer = shown(latest.scope, latest.name, (*done)->version, (*done)->row, number);
    lambda.lifecycle.begin({latest.scope, latest.name, (*done)->version});
  }
  lambda.lifecycle.begin(latest);
  co_return answer;
}

}  // namespace mayfly::lambda
