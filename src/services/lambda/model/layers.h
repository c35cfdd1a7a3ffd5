// Layers: their names, who may use them, and what a function's list of them must be.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arn.h"
#include "services/lambda/keys.h"
#include "store/store.h"
#include "wire/document.h"
#include "wire/error.h"

namespace mayfly::lambda {

inline constexpr std::size_t kMaxLayers = 5;

struct LayerName {
  base::Scope scope;  // whose it is
  std::string name;
};
// A name, which is of the caller's account and region, or the layer's ARN.
wire::Result<LayerName> parse_layer_name(const base::Scope& caller, std::string_view text);

struct LayerVersionName {
  LayerName layer;
  std::uint64_t version = 0;
};
// "arn:aws:lambda:us-east-1:123456789012:layer:name:3"
std::optional<LayerVersionName> parse_layer_version_arn(std::string_view arn);

std::string layer_arn(const LayerName& layer);
std::string layer_version_arn(const LayerName& layer, std::uint64_t version);
// How packages of layers are known among those who use packages.
VersionId layer_user(const LayerName& layer, std::uint64_t version);

// Whether that account may use a layer version with this policy.
bool shared_with(const LayerPolicyRow& policy, std::string_view account);
wire::Document statement_document(const LayerStatementRow& row, const std::string& arn);
std::string policy_json(const LayerPolicyRow& policy, const std::string& arn);

// The layer version, as `caller` may see it: AccessDeniedException where it is of another account
// that does not share it; nullopt where it is not there.
base::Task<wire::Result<std::optional<LayerVersionRow>>> find_layer_version(
    store::Transaction& transaction, base::Scope caller, LayerName layer, std::uint64_t version);

// A function's list, in the words of AWS where it is wrong.
base::Task<wire::Result<std::vector<LayerUse>>> resolve_layers(store::Transaction& transaction,
                                                               base::Scope caller,
                                                               std::vector<std::string> arns);
// The limit on a function and its layers together.
wire::Result<void> check_unpacked_size(const VersionRow& row, std::uint64_t limit);

}  // namespace mayfly::lambda
