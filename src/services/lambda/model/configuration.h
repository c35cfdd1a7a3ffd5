// What a version's settings must be, how a request changes them, and how they are shown.
//
// Create and update requests have the same members; apply_settings() takes either. Features that
// AWS has and Mayfly lacks are refused by name, so that nothing is accepted and then ignored.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/lambda/errors.h"
#include "services/lambda/keys.h"
#include "services/lambda/shapes.h"
#include "wire/error.h"

namespace mayfly::lambda {

struct SettingLimits {
  std::int32_t timeout_seconds = 900;
  std::vector<std::string> pack_runtimes = {};  // names that runtime packs teach
  // Where set: a sentence about a runtime that this machine does not have, or empty.
  std::function<std::string(const std::string&)> why_not_installed = {};
};

wire::Result<void> set_runtime(VersionRow& row, const std::string& runtime,
                               const SettingLimits& limits);
wire::Result<void> set_timeout(VersionRow& row, std::int32_t seconds, const SettingLimits& limits);
wire::Result<void> set_environment(VersionRow& row, const Environment& environment);
// Of a container image; a Zip has none.
wire::Result<void> set_image_config(VersionRow& row, const ImageConfig& config);
wire::Result<void> set_logging(VersionRow& row, const LoggingConfig& logging,
                               const std::string& function_name);
// Not supported, by name, where the member says anything: {} and {"SubnetIds": []} say nothing.
wire::Result<void> refuse_feature(std::string_view member,
                                  const std::optional<wire::Document>& value);

// The first of them that says anything.
using Feature = std::pair<std::string_view, const std::optional<wire::Document>*>;
wire::Result<void> refuse_each(std::initializer_list<Feature> features,
                               const std::optional<std::string>& kms_key_arn);

template <class Request>
wire::Result<void> refuse_features(const Request& request) {
  return refuse_each({{"VpcConfig", &request.vpc_config},
                      {"DeadLetterConfig", &request.dead_letter_config},
                      {"FileSystemConfigs", &request.file_system_configs},
                      {"CapacityProviderConfig", &request.capacity_provider_config},
                      {"DurableConfig", &request.durable_config}},
                     request.kms_key_arn);
}

// Changes what the request sets and leaves the rest; layers are not among it (model/layers.h).
// `row` may be half-changed after a refusal.
template <class Request>
wire::Result<void> apply_settings(VersionRow& row, const Request& request,
                                  const std::string& function_name, const SettingLimits& limits) {
  wire::Result<void> done = refuse_features(request);
  if (done && row.image && (request.runtime || request.handler || request.layers))
    done = wire::fail(kInvalidParameterValue,
                      "Please don't provide Handler or Runtime or Layer when the intended function "
                      "PackageType is Image.");
  if (done && request.runtime) done = set_runtime(row, *request.runtime, limits);
  if (done && request.timeout) done = set_timeout(row, *request.timeout, limits);
  if (done && request.environment) done = set_environment(row, *request.environment);
  if (done && request.logging_config)
    done = set_logging(row, *request.logging_config, function_name);
  if (done && request.image_config) done = set_image_config(row, *request.image_config);
  if (!done) return done;
  if (request.handler) row.handler = *request.handler;
  if (request.description) row.description = *request.description;
  if (request.memory_size) row.memory = *request.memory_size;
  if (request.tracing_config && request.tracing_config->mode)
    row.tracing = *request.tracing_config->mode;
  if (request.ephemeral_storage) row.ephemeral_storage = request.ephemeral_storage->size;
  if (request.snap_start && request.snap_start->apply_on)
    row.snap_start = *request.snap_start->apply_on;
  return {};
}

// Lists leave out the states, as AWS does.
enum class Detail { full, listed };
// `qualifier` is what the shown ARN ends with; empty for the unqualified ARN.
FunctionConfiguration shown(const base::Scope& scope, const std::string& name,
                            std::uint64_t version, const VersionRow& row,
                            const std::string& qualifier, Detail detail = Detail::full);

}  // namespace mayfly::lambda
