#include "services/lambda/model/configuration.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/strings.h"
#include "services/lambda/errors.h"
#include "services/lambda/model/code_store.h"
#include "services/lambda/model/function_name.h"
#include "wire/json.h"

namespace mayfly::lambda {

namespace {

constexpr std::size_t kMaxEnvironmentBytes = 4'096;

// AWS's managed runtimes, newest model. Those of families without an engine here are refused by
// name, not as unknown.
constexpr std::string_view kRuntimes[] = {
    "nodejs20.x", "provided.al2023", "python3.12", "java17",    "provided.al2", "nodejs18.x",
    "python3.10", "java8.al2",       "dotnet8",    "ruby3.3",   "python3.9",    "python3.11",
    "java11",     "java21",          "nodejs22.x", "ruby3.2",   "python3.13",   "nodejs24.x",
    "python3.14", "java25",          "ruby3.4",    "dotnet10",  "ruby4.0",      "dotnet6",
    "nodejs16.x", "python3.8",       "nodejs14.x", "python3.7", "nodejs12.x"};
constexpr std::string_view kRetiredRuntimes[] = {
    "nodejs",        "nodejs4.3",     "nodejs4.3-edge", "nodejs6.10",    "nodejs8.10",
    "nodejs10.x",    "python2.7",     "python3.6",      "java8",         "dotnetcore1.0",
    "dotnetcore2.0", "dotnetcore2.1", "go1.x",          "dotnetcore3.1", "ruby2.5",
    "ruby2.7",       "provided"};

constexpr std::string_view kReservedVariables[] = {"_HANDLER",
                                                   "_X_AMZN_TRACE_ID",
                                                   "AWS_ACCESS_KEY",
                                                   "AWS_ACCESS_KEY_ID",
                                                   "AWS_DEFAULT_REGION",
                                                   "AWS_EXECUTION_ENV",
                                                   "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                                                   "AWS_LAMBDA_FUNCTION_NAME",
                                                   "AWS_LAMBDA_FUNCTION_VERSION",
                                                   "AWS_LAMBDA_INITIALIZATION_TYPE",
                                                   "AWS_LAMBDA_LOG_GROUP_NAME",
                                                   "AWS_LAMBDA_LOG_STREAM_NAME",
                                                   "AWS_LAMBDA_RUNTIME_API",
                                                   "AWS_REGION",
                                                   "AWS_SECRET_ACCESS_KEY",
                                                   "AWS_SESSION_TOKEN",
                                                   "LAMBDA_RUNTIME_DIR",
                                                   "LAMBDA_TASK_ROOT"};

bool says_something(const wire::Document& value) {
  if (const wire::DocumentMap* map = value.as_map()) {
    return std::ranges::any_of(*map,
                               [](const auto& member) { return says_something(member.second); });
  }
  if (const wire::DocumentList* list = value.as_list()) return !list->empty();
  if (const std::string* text = value.as_string()) return !text->empty();
  return !value.is_null() && value.as_bool() != false;
}

}  // namespace

wire::Result<void> set_runtime(VersionRow& row, const std::string& runtime,
                               const SettingLimits& limits) {
  // A pack's name is accepted whatever AWS thinks of it today.
  if (std::ranges::find(limits.pack_runtimes, runtime) != limits.pack_runtimes.end()) {
    row.runtime = runtime;
    return {};
  }
  if (std::ranges::find(kRetiredRuntimes, runtime) != std::end(kRetiredRuntimes)) {
    return wire::fail(
        kInvalidParameterValue,
        fmt::format(
            "The runtime parameter of {} is no longer supported for creating or updating AWS "
            "Lambda functions. We recommend you use a supported runtime while creating or "
            "updating functions.",
            runtime));
  }
  if (std::ranges::find(kRuntimes, runtime) == std::end(kRuntimes)) {
    return wire::fail(
        kInvalidParameterValue,
        fmt::format(
            "Value {} at 'runtime' failed to satisfy constraint: Member must satisfy enum value "
            "set: [{}] or be a valid ARN",
            runtime, fmt::join(kRuntimes, ", ")));
  }
  if (!runtime.starts_with("python") && !runtime.starts_with("nodejs") &&
      !runtime.starts_with("provided")) {
    return wire::not_supported(fmt::format("Runtime {} without a runtime pack", runtime));
  }
  if (limits.why_not_installed) {
    if (std::string why = limits.why_not_installed(runtime); !why.empty())
      return wire::fail(kInvalidParameterValue, std::move(why));
  }
  row.runtime = runtime;
  return {};
}

wire::Result<void> set_timeout(VersionRow& row, std::int32_t seconds, const SettingLimits& limits) {
  if (seconds > limits.timeout_seconds) {
    return wire::fail(
        wire::kValidation,
        fmt::format(
            "1 validation error detected: Value '{}' at 'timeout' failed to satisfy constraint: "
            "Member must have value less than or equal to {}",
            seconds, limits.timeout_seconds));
  }
  row.timeout = seconds;
  return {};
}

wire::Result<void> set_environment(VersionRow& row, const Environment& environment) {
  std::map<std::string, std::string> variables =
      environment.variables.value_or(std::map<std::string, std::string>{});
  std::vector<std::string> reserved;
  std::size_t bytes = 0;
  for (const auto& [name, value] : variables) {
    bytes += name.size() + value.size();
    if (std::ranges::find(kReservedVariables, name) != std::end(kReservedVariables))
      reserved.push_back(name);
  }
  if (!reserved.empty()) {
    return wire::fail(
        kInvalidParameterValue,
        fmt::format(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided contains reserved keys that are currently not supported "
            "for modification. Reserved keys used in this request: {}",
            fmt::join(reserved, ", ")));
  }
  if (bytes > kMaxEnvironmentBytes) {
    wire::Document measured = wire::Document::map();
    for (const auto& [name, value] : variables) measured.set(name, value);
    return wire::fail(
        kInvalidParameterValue,
        fmt::format(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided exceeded the 4KB limit. String measured: {}",
            wire::to_json(measured)));
  }
  row.environment = std::move(variables);
  return {};
}

wire::Result<void> set_image_config(VersionRow& row, const ImageConfig& config) {
  const bool empty = !config.entry_point && !config.command && !config.working_directory;
  if (!row.image && !empty) {
    return wire::fail(kInvalidParameterValue,
                      "Please don't provide ImageConfig when the intended function PackageType is "
                      "Zip.");
  }
  row.image_config.reset();
  if (!empty)
    row.image_config = ImageConfigRow{config.entry_point, config.command, config.working_directory};
  return {};
}

wire::Result<void> set_logging(VersionRow& row, const LoggingConfig& logging,
                               const std::string& function_name) {
  const std::string format = logging.log_format.value_or(row.log_format);
  if (format != "JSON" && (logging.application_log_level || logging.system_log_level)) {
    return wire::fail(
        kInvalidParameterValue,
        "Log level settings are not supported with the Text log format: ApplicationLogLevel and "
        "SystemLogLevel need LogFormat JSON.");
  }
  row.log_format = format;
  if (format == "JSON") {
    row.application_log_level =
        logging.application_log_level.value_or(row.application_log_level.value_or("INFO"));
    row.system_log_level = logging.system_log_level.value_or(row.system_log_level.value_or("INFO"));
  } else {
    row.application_log_level.reset();
    row.system_log_level.reset();
  }
  if (logging.log_group) row.log_group = *logging.log_group;
  if (row.log_group.empty()) row.log_group = "/aws/lambda/" + function_name;
  return {};
}

wire::Result<void> refuse_feature(std::string_view member,
                                  const std::optional<wire::Document>& value) {
  if (value && says_something(*value)) return wire::not_supported(member);
  return {};
}

wire::Result<void> refuse_each(std::initializer_list<Feature> features,
                               const std::optional<std::string>& kms_key_arn) {
  for (const auto& [member, value] : features) {
    if (auto refused = refuse_feature(member, *value); !refused) return refused;
  }
  if (kms_key_arn && !kms_key_arn->empty()) return wire::not_supported("KMSKeyArn");
  return {};
}

FunctionConfiguration shown(const base::Scope& scope, const std::string& name,
                            std::uint64_t version, const VersionRow& row,
                            const std::string& qualifier, Detail detail) {
  FunctionConfiguration out;
  out.function_name = name;
  out.function_arn = function_arn(scope, name, qualifier);
  if (!row.image) out.runtime = row.runtime;
  out.role = row.role;
  if (!row.image) out.handler = row.handler;
  out.code_size = row.code_size;
  out.description = row.description;
  out.timeout = row.timeout;
  out.memory_size = row.memory;
  out.last_modified = row.last_modified;
  // Of an image AWS shows the digest as it is.
  out.code_sha256 = row.image ? row.code_sha256 : sha256_as_base64(row.code_sha256);
  out.version = version_text(version);
  if (row.environment) out.environment = EnvironmentResponse{row.environment};
  out.tracing_config = TracingConfigResponse{row.tracing};
  out.revision_id = row.revision_id;
  if (!row.layers.empty()) {
    out.layers.emplace();
    for (const LayerUse& layer : row.layers) out.layers->push_back({layer.arn, layer.size});
  }
  out.package_type = row.image ? "Image" : "Zip";
  if (row.image_config) {
    const ImageConfigRow& config = *row.image_config;
    out.image_config_response =
        ImageConfigResponse{ImageConfig{config.entrypoint, config.command, config.working_folder}};
  }
  out.architectures = row.architectures;
  out.ephemeral_storage = EphemeralStorage{row.ephemeral_storage};
  // A snapshot is what a template is anyway; "On" says that a published version asked for it.
  const bool optimized = row.snap_start == "PublishedVersions" && version != kLatestNumber;
  out.snap_start = SnapStartResponse{row.snap_start, optimized ? "On" : "Off"};
  out.logging_config =
      LoggingConfig{row.log_format, row.application_log_level, row.system_log_level, row.log_group};
  if (detail == Detail::listed) return out;

  if (!row.image)
    out.runtime_version_config =
        RuntimeVersionConfig{fmt::format("arn:aws:lambda:{}::runtime:{}", scope.region,
                                         base::to_hex(base::sha256("mayfly:" + row.runtime)))};
  out.state = row.state;
  if (row.state == kPending) {
    out.state_reason = "The function is being created.";
    out.state_reason_code = "Creating";
  }
  if (!row.update_status.empty()) {
    out.last_update_status = row.update_status;
    if (row.update_status == kInProgress) {
      out.last_update_status_reason = "The function is being created.";
      out.last_update_status_reason_code = "Creating";
    }
  }
  return out;
}

}  // namespace mayfly::lambda
