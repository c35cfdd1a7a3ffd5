#include "services/lambda/model/layers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "services/lambda/errors.h"
#include "services/lambda/model/rows.h"
#include "wire/json.h"

namespace mayfly::lambda {

namespace {

constexpr std::string_view kResource = "layer:";

std::string root_of(std::string_view account) {
  return fmt::format("arn:aws:iam::{}:root", account);
}

wire::Result<void> check_layer_list(const base::Scope& caller,
                                    const std::vector<LayerVersionName>& layers,
                                    const std::vector<std::string>& arns) {
  if (arns.size() > kMaxLayers)
    return wire::fail(kInvalidParameterValue, "Cannot reference more than 5 layers.");
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].layer.scope.region != caller.region) {
      return wire::fail(kInvalidParameterValue,
                        fmt::format("Layers are not in the same region as the function. Layers are "
                                    "expected to be in region {}.",
                                    caller.region));
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (layers[i].layer.scope != layers[j].layer.scope ||
          layers[i].layer.name != layers[j].layer.name) {
        continue;
      }
      return wire::fail(kInvalidParameterValue,
                        fmt::format("Two different versions of the same layer are not allowed to "
                                    "be referenced in the same function. {} and {} are versions of "
                                    "the same layer.",
                                    arns[j], arns[i]));
    }
  }
  return {};
}

}  // namespace

wire::Result<LayerName> parse_layer_name(const base::Scope& caller, std::string_view text) {
  if (!text.starts_with("arn:")) return LayerName{caller, std::string(text)};
  const std::optional<base::Arn> arn = base::Arn::parse(text);
  if (!arn || arn->service != "lambda" || !arn->resource.starts_with(kResource)) {
    return wire::fail(kInvalidParameterValue, fmt::format("Invalid layer name: {}", text));
  }
  if (arn->region != caller.region) {
    return wire::fail(kInvalidParameterValue,
                      fmt::format("Layers from '{}' are not reachable in this region ('{}')",
                                  arn->region, caller.region));
  }
  return LayerName{{arn->account, arn->region}, arn->resource.substr(kResource.size())};
}

std::optional<LayerVersionName> parse_layer_version_arn(std::string_view text) {
  const std::optional<base::Arn> arn = base::Arn::parse(text);
  if (!arn || arn->service != "lambda" || !arn->resource.starts_with(kResource))
    return std::nullopt;
  const std::string_view rest = std::string_view(arn->resource).substr(kResource.size());
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::optional<std::uint64_t> version = version_number(rest.substr(colon + 1));
  if (!version || *version == kLatestNumber) return std::nullopt;
  return LayerVersionName{{{arn->account, arn->region}, std::string(rest.substr(0, colon))},
                          *version};
}

std::string layer_arn(const LayerName& layer) {
  return layer.scope.arn("lambda", "layer:" + layer.name);
}

std::string layer_version_arn(const LayerName& layer, std::uint64_t version) {
  return fmt::format("{}:{}", layer_arn(layer), version);
}

VersionId layer_user(const LayerName& layer, std::uint64_t version) {
  return {layer.scope, "layer:" + layer.name, version};
}

bool shared_with(const LayerPolicyRow& policy, std::string_view account) {
  return std::ranges::any_of(policy.statements, [&](const LayerStatementRow& row) {
    // Which organization an account is in nobody knows here.
    if (row.organization) return false;
    return row.principal == "*" || row.principal == account || row.principal == root_of(account);
  });
}

wire::Document statement_document(const LayerStatementRow& row, const std::string& arn) {
  wire::Document out;
  out.set("Sid", row.sid);
  out.set("Effect", "Allow");
  if (row.principal == "*") {
    out.set("Principal", "*");
  } else {
    wire::Document principal = wire::Document::map();
    principal.set("AWS",
                  row.principal.starts_with("arn:") ? row.principal : root_of(row.principal));
    out.set("Principal", std::move(principal));
  }
  out.set("Action", "lambda:GetLayerVersion");
  out.set("Resource", arn);
  if (row.organization) {
    wire::Document equals = wire::Document::map(), condition = wire::Document::map();
    equals.set("aws:PrincipalOrgID", *row.organization);
    condition.set("StringEquals", std::move(equals));
    out.set("Condition", std::move(condition));
  }
  return out;
}

std::string policy_json(const LayerPolicyRow& policy, const std::string& arn) {
  wire::Document statements = wire::Document::list();
  for (const LayerStatementRow& row : policy.statements)
    statements.push_back(statement_document(row, arn));
  wire::Document out;
  out.set("Version", "2012-10-17");
  out.set("Id", "default");
  out.set("Statement", std::move(statements));
  return wire::to_json(out);
}

base::Task<wire::Result<std::optional<LayerVersionRow>>> find_layer_version(
    store::Transaction& transaction, base::Scope caller, LayerName layer, std::uint64_t version) {
  if (layer.scope.account != caller.account) {
    auto policy = co_await find_row<LayerPolicyRow>(
        transaction, layer_policy_key(layer.scope, layer.name, version));
    if (!policy) co_return std::unexpected(policy.error());
    // Whether a layer of somebody else is there is nobody's business either.
    if (!*policy || !shared_with(**policy, caller.account)) {
      co_return wire::fail(
          kAccessDenied,
          fmt::format("User: {} is not authorized to perform: lambda:GetLayerVersion on resource: "
                      "{} because no resource-based policy allows the lambda:GetLayerVersion "
                      "action",
                      root_of(caller.account), layer_version_arn(layer, version)));
    }
  }
  co_return co_await find_row<LayerVersionRow>(transaction,
                                               layer_version_key(layer.scope, layer.name, version));
}

base::Task<wire::Result<std::vector<LayerUse>>> resolve_layers(store::Transaction& transaction,
                                                               base::Scope caller,
                                                               std::vector<std::string> arns) {
  std::vector<LayerVersionName> names;
  for (const std::string& arn : arns) {
    std::optional<LayerVersionName> name = parse_layer_version_arn(arn);
    if (!name) {
      co_return wire::fail(kInvalidParameterValue,
                           fmt::format("Layer version {} does not exist.", arn));
    }
    names.push_back(std::move(*name));
  }
  if (auto checked = check_layer_list(caller, names, arns); !checked)
    co_return std::unexpected(checked.error());
  std::vector<LayerUse> uses;
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto row = co_await find_layer_version(transaction, caller, names[i].layer, names[i].version);
    if (!row) co_return std::unexpected(row.error());
    if (!*row) {
      co_return wire::fail(kInvalidParameterValue,
                           fmt::format("Layer version {} does not exist.", arns[i]));
    }
    uses.push_back({layer_version_arn(names[i].layer, names[i].version), (*row)->sha256,
                    (*row)->size, (*row)->unpacked_size});
  }
  co_return uses;
}

wire::Result<void> check_unpacked_size(const VersionRow& row, std::uint64_t limit) {
  std::uint64_t layers = 0;
  for (const LayerUse& layer : row.layers)
    layers += static_cast<std::uint64_t>(layer.unpacked_size);
  if (layers > limit) {
    return wire::fail(
        kInvalidParameterValue,
        fmt::format("Layers consume more than the available size of {} bytes", limit));
  }
  const std::uint64_t all = layers + static_cast<std::uint64_t>(row.unpacked_size);
  if (all > limit && !row.layers.empty()) {
    return wire::fail(kInvalidParameterValue,
                      fmt::format("Function code combined with layers exceeds the maximum allowed "
                                  "size of {} bytes. The actual size is {} bytes.",
                                  limit, all));
  }
  return {};
}

}  // namespace mayfly::lambda
