// The shapes of functions, and what the other shapes share. Members and rules are those of the AWS
// model (version 2015-03-31); members of type Document are of features that are refused by name
// (operations/configuration.cc).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "wire/shape.h"

namespace mayfly::lambda {

inline constexpr std::string_view kFunctionNamePattern =
    "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?("
    "function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?";
inline constexpr std::string_view kRoleArnPattern =
    "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+";
inline constexpr std::string_view kHandlerPattern = "[^\\s]+";
inline constexpr std::string_view kPackageTypeValues[] = {"Zip", "Image"};
inline constexpr std::string_view kEnvironmentVariableNamePattern = "[a-zA-Z]([a-zA-Z0-9_])+";
inline constexpr std::string_view kTracingModeValues[] = {"Active", "PassThrough"};
inline constexpr std::string_view kLayerVersionArnPattern =
    "arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+";
inline constexpr std::string_view kCodeSigningConfigArnPattern =
    "arn:(aws[a-zA-Z-]*)?:lambda:[a-z]{2}((-gov)|(-iso(b?)))?-[a-z]+-\\d{1}:\\d{12}:code-signing-"
    "config:csc-[a-z0-9]{17}";
inline constexpr std::string_view kArchitectureValues[] = {"x86_64", "arm64"};
inline constexpr std::string_view kSnapStartApplyOnValues[] = {"PublishedVersions", "None"};
inline constexpr std::string_view kLogFormatValues[] = {"JSON", "Text"};
inline constexpr std::string_view kApplicationLogLevelValues[] = {"TRACE", "DEBUG", "INFO",
                                                                  "WARN",  "ERROR", "FATAL"};
inline constexpr std::string_view kSystemLogLevelValues[] = {"DEBUG", "INFO", "WARN"};
inline constexpr std::string_view kLogGroupPattern = "[\\.\\-_/#A-Za-z0-9]+";
inline constexpr std::string_view kNamespacedFunctionNamePattern =
    "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?("
    "function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";
inline constexpr std::string_view kNumericLatestPublishedOrAliasQualifierPattern =
    "\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+";
inline constexpr std::string_view kMasterRegionPattern = "ALL|[a-z]{2}(-gov)?-[a-z]+-\\d{1}";
inline constexpr std::string_view kFunctionVersionValues[] = {"ALL"};

struct FunctionCode {
  std::optional<wire::Blob> zip_file;
  std::optional<std::string> s3_bucket;
  std::optional<std::string> s3_key;
  std::optional<std::string> s3_object_version;
  std::optional<std::string> image_uri;
  std::optional<std::string> source_kms_key_arn;
  static constexpr auto shape() {
    using Self = FunctionCode;
    return std::tuple{wire::field("ZipFile", &Self::zip_file),
                      wire::field("S3Bucket", &Self::s3_bucket).length(3, 63),
                      wire::field("S3Key", &Self::s3_key).length(1, 1024),
                      wire::field("S3ObjectVersion", &Self::s3_object_version).length(1, 1024),
                      wire::field("ImageUri", &Self::image_uri),
                      wire::field("SourceKMSKeyArn", &Self::source_kms_key_arn)};
  }
};

struct Environment {
  std::optional<std::map<std::string, std::string>> variables;
  static constexpr auto shape() {
    using Self = Environment;
    return std::tuple{wire::field("Variables", &Self::variables)
                          .keys(wire::rules().pattern(kEnvironmentVariableNamePattern))};
  }
};

struct ImageConfig {
  std::optional<std::vector<std::string>> entry_point;
  std::optional<std::vector<std::string>> command;
  std::optional<std::string> working_directory;
  static constexpr auto shape() {
    using Self = ImageConfig;
    return std::tuple{wire::field("EntryPoint", &Self::entry_point).items(0, 1500),
                      wire::field("Command", &Self::command).items(0, 1500),
                      wire::field("WorkingDirectory", &Self::working_directory).length(0, 1000)};
  }
};

struct TracingConfig {
  std::optional<std::string> mode;
  static constexpr auto shape() {
    using Self = TracingConfig;
    return std::tuple{wire::field("Mode", &Self::mode).one_of(kTracingModeValues)};
  }
};

struct EphemeralStorage {
  std::int32_t size = 0;
  static constexpr auto shape() {
    using Self = EphemeralStorage;
    return std::tuple{wire::field("Size", &Self::size).required().range(512, 10240)};
  }
};

struct SnapStart {
  std::optional<std::string> apply_on;
  static constexpr auto shape() {
    using Self = SnapStart;
    return std::tuple{wire::field("ApplyOn", &Self::apply_on).one_of(kSnapStartApplyOnValues)};
  }
};

struct LoggingConfig {
  std::optional<std::string> log_format;
  std::optional<std::string> application_log_level;
  std::optional<std::string> system_log_level;
  std::optional<std::string> log_group;
  static constexpr auto shape() {
    using Self = LoggingConfig;
    return std::tuple{
        wire::field("LogFormat", &Self::log_format).one_of(kLogFormatValues),
        wire::field("ApplicationLogLevel", &Self::application_log_level)
            .one_of(kApplicationLogLevelValues),
        wire::field("SystemLogLevel", &Self::system_log_level).one_of(kSystemLogLevelValues),
        wire::field("LogGroup", &Self::log_group).length(1, 512).pattern(kLogGroupPattern)};
  }
};

struct CreateFunctionRequest {
  std::string function_name;
  std::optional<std::string> runtime;
  std::string role;
  std::optional<std::string> handler;
  FunctionCode code;
  std::optional<std::string> description;
  std::optional<std::int32_t> timeout;
  std::optional<std::int32_t> memory_size;
  std::optional<bool> publish;
  std::optional<wire::Document> vpc_config;
  std::optional<std::string> package_type;
  std::optional<wire::Document> dead_letter_config;
  std::optional<Environment> environment;
  std::optional<std::string> kms_key_arn;
  std::optional<TracingConfig> tracing_config;
  std::optional<std::map<std::string, std::string>> tags;
  std::optional<std::vector<std::string>> layers;
  std::optional<wire::Document> file_system_configs;
  std::optional<ImageConfig> image_config;
  std::optional<std::string> code_signing_config_arn;
  std::optional<std::vector<std::string>> architectures;
  std::optional<EphemeralStorage> ephemeral_storage;
  std::optional<SnapStart> snap_start;
  std::optional<LoggingConfig> logging_config;
  std::optional<wire::Document> capacity_provider_config;
  std::optional<wire::Document> durable_config;
  std::optional<wire::Document> tenancy_config;
  static constexpr auto shape() {
    using Self = CreateFunctionRequest;
    return std::tuple{
        wire::field("FunctionName", &Self::function_name)
            .required()
            .length(1, 140)
            .pattern(kFunctionNamePattern),
        wire::field("Runtime", &Self::runtime),
        wire::field("Role", &Self::role).required().pattern(kRoleArnPattern),
        wire::field("Handler", &Self::handler).length(0, 128).pattern(kHandlerPattern),
        wire::field("Code", &Self::code).required(),
        wire::field("Description", &Self::description).length(0, 256),
        wire::field("Timeout", &Self::timeout).at_least(1),
        wire::field("MemorySize", &Self::memory_size).range(128, 10240),
        wire::field("Publish", &Self::publish),
        wire::field("VpcConfig", &Self::vpc_config),
        wire::field("PackageType", &Self::package_type).one_of(kPackageTypeValues),
        wire::field("DeadLetterConfig", &Self::dead_letter_config),
        wire::field("Environment", &Self::environment),
        wire::field("KMSKeyArn", &Self::kms_key_arn),
        wire::field("TracingConfig", &Self::tracing_config),
        wire::field("Tags", &Self::tags),
        wire::field("Layers", &Self::layers)
            .each(wire::rules().length(1, 140).pattern(kLayerVersionArnPattern)),
        wire::field("FileSystemConfigs", &Self::file_system_configs),
        wire::field("ImageConfig", &Self::image_config),
        wire::field("CodeSigningConfigArn", &Self::code_signing_config_arn)
            .length(0, 200)
            .pattern(kCodeSigningConfigArnPattern),
        wire::field("Architectures", &Self::architectures)
            .items(1, 1)
            .each(wire::rules().one_of(kArchitectureValues)),
        wire::field("EphemeralStorage", &Self::ephemeral_storage),
        wire::field("SnapStart", &Self::snap_start),
        wire::field("LoggingConfig", &Self::logging_config),
        wire::field("CapacityProviderConfig", &Self::capacity_provider_config),
        wire::field("DurableConfig", &Self::durable_config),
        wire::field("TenancyConfig", &Self::tenancy_config)};
  }
};

struct EnvironmentResponse {
  std::optional<std::map<std::string, std::string>> variables;
  static constexpr auto shape() {
    using Self = EnvironmentResponse;
    return std::tuple{wire::field("Variables", &Self::variables)};
  }
};

struct TracingConfigResponse {
  std::optional<std::string> mode;
  static constexpr auto shape() {
    using Self = TracingConfigResponse;
    return std::tuple{wire::field("Mode", &Self::mode)};
  }
};

struct Layer {
  std::optional<std::string> arn;
  std::optional<std::int64_t> code_size;
  static constexpr auto shape() {
    using Self = Layer;
    return std::tuple{wire::field("Arn", &Self::arn), wire::field("CodeSize", &Self::code_size)};
  }
};

struct SnapStartResponse {
  std::optional<std::string> apply_on;
  std::optional<std::string> optimization_status;
  static constexpr auto shape() {
    using Self = SnapStartResponse;
    return std::tuple{wire::field("ApplyOn", &Self::apply_on),
                      wire::field("OptimizationStatus", &Self::optimization_status)};
  }
};

struct ImageConfigResponse {
  std::optional<ImageConfig> image_config;
  static constexpr auto shape() {
    using Self = ImageConfigResponse;
    return std::tuple{wire::field("ImageConfig", &Self::image_config)};
  }
};

struct RuntimeVersionConfig {
  std::optional<std::string> runtime_version_arn;
  static constexpr auto shape() {
    using Self = RuntimeVersionConfig;
    return std::tuple{wire::field("RuntimeVersionArn", &Self::runtime_version_arn)};
  }
};

struct FunctionConfiguration {
  std::optional<std::string> function_name;
  std::optional<std::string> function_arn;
  std::optional<std::string> runtime;
  std::optional<std::string> role;
  std::optional<std::string> handler;
  std::optional<std::int64_t> code_size;
  std::optional<std::string> description;
  std::optional<std::int32_t> timeout;
  std::optional<std::int32_t> memory_size;
  std::optional<std::string> last_modified;
  std::optional<std::string> code_sha256;
  std::optional<std::string> version;
  std::optional<EnvironmentResponse> environment;
  std::optional<TracingConfigResponse> tracing_config;
  std::optional<std::string> revision_id;
  std::optional<std::vector<Layer>> layers;
  std::optional<std::string> state;
  std::optional<std::string> state_reason;
  std::optional<std::string> state_reason_code;
  std::optional<std::string> last_update_status;
  std::optional<std::string> last_update_status_reason;
  std::optional<std::string> last_update_status_reason_code;
  std::optional<std::string> package_type;
  std::optional<std::vector<std::string>> architectures;
  std::optional<EphemeralStorage> ephemeral_storage;
  std::optional<ImageConfigResponse> image_config_response;
  std::optional<SnapStartResponse> snap_start;
  std::optional<RuntimeVersionConfig> runtime_version_config;
  std::optional<LoggingConfig> logging_config;
  std::optional<std::string> config_sha256;
  static constexpr auto shape() {
    using Self = FunctionConfiguration;
    return std::tuple{
        wire::field("FunctionName", &Self::function_name),
        wire::field("FunctionArn", &Self::function_arn),
        wire::field("Runtime", &Self::runtime),
        wire::field("Role", &Self::role),
        wire::field("Handler", &Self::handler),
        wire::field("CodeSize", &Self::code_size),
        wire::field("Description", &Self::description),
        wire::field("Timeout", &Self::timeout),
        wire::field("MemorySize", &Self::memory_size),
        wire::field("LastModified", &Self::last_modified),
        wire::field("CodeSha256", &Self::code_sha256),
        wire::field("Version", &Self::version),
        wire::field("Environment", &Self::environment),
        wire::field("TracingConfig", &Self::tracing_config),
        wire::field("RevisionId", &Self::revision_id),
        wire::field("Layers", &Self::layers),
        wire::field("State", &Self::state),
        wire::field("StateReason", &Self::state_reason),
        wire::field("StateReasonCode", &Self::state_reason_code),
        wire::field("LastUpdateStatus", &Self::last_update_status),
        wire::field("LastUpdateStatusReason", &Self::last_update_status_reason),
        wire::field("LastUpdateStatusReasonCode", &Self::last_update_status_reason_code),
        wire::field("PackageType", &Self::package_type),
        wire::field("Architectures", &Self::architectures),
        wire::field("EphemeralStorage", &Self::ephemeral_storage),
        wire::field("ImageConfigResponse", &Self::image_config_response),
        wire::field("SnapStart", &Self::snap_start),
        wire::field("RuntimeVersionConfig", &Self::runtime_version_config),
        wire::field("LoggingConfig", &Self::logging_config),
        wire::field("ConfigSha256", &Self::config_sha256)};
  }
};

struct UpdateFunctionCodeRequest {
  std::string function_name;
  std::optional<wire::Blob> zip_file;
  std::optional<std::string> s3_bucket;
  std::optional<std::string> s3_key;
  std::optional<std::string> s3_object_version;
  std::optional<std::string> image_uri;
  std::optional<bool> publish;
  std::optional<bool> dry_run;
  std::optional<std::string> revision_id;
  std::optional<std::vector<std::string>> architectures;
  std::optional<std::string> source_kms_key_arn;
  static constexpr auto shape() {
    using Self = UpdateFunctionCodeRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 140)
                          .pattern(kFunctionNamePattern),
                      wire::field("ZipFile", &Self::zip_file),
                      wire::field("S3Bucket", &Self::s3_bucket).length(3, 63),
                      wire::field("S3Key", &Self::s3_key).length(1, 1024),
                      wire::field("S3ObjectVersion", &Self::s3_object_version).length(1, 1024),
                      wire::field("ImageUri", &Self::image_uri),
                      wire::field("Publish", &Self::publish),
                      wire::field("DryRun", &Self::dry_run),
                      wire::field("RevisionId", &Self::revision_id),
                      wire::field("Architectures", &Self::architectures)
                          .items(1, 1)
                          .each(wire::rules().one_of(kArchitectureValues)),
                      wire::field("SourceKMSKeyArn", &Self::source_kms_key_arn)};
  }
};

struct UpdateFunctionConfigurationRequest {
  std::string function_name;
  std::optional<std::string> role;
  std::optional<std::string> handler;
  std::optional<std::string> description;
  std::optional<std::int32_t> timeout;
  std::optional<std::int32_t> memory_size;
  std::optional<wire::Document> vpc_config;
  std::optional<Environment> environment;
  std::optional<std::string> runtime;
  std::optional<wire::Document> dead_letter_config;
  std::optional<std::string> kms_key_arn;
  std::optional<TracingConfig> tracing_config;
  std::optional<std::string> revision_id;
  std::optional<std::vector<std::string>> layers;
  std::optional<wire::Document> file_system_configs;
  std::optional<ImageConfig> image_config;
  std::optional<EphemeralStorage> ephemeral_storage;
  std::optional<SnapStart> snap_start;
  std::optional<LoggingConfig> logging_config;
  std::optional<wire::Document> capacity_provider_config;
  std::optional<wire::Document> durable_config;
  static constexpr auto shape() {
    using Self = UpdateFunctionConfigurationRequest;
    return std::tuple{
        wire::field("FunctionName", &Self::function_name)
            .required()
            .in(wire::Place::path)
            .length(1, 140)
            .pattern(kFunctionNamePattern),
        wire::field("Role", &Self::role).pattern(kRoleArnPattern),
        wire::field("Handler", &Self::handler).length(0, 128).pattern(kHandlerPattern),
        wire::field("Description", &Self::description).length(0, 256),
        wire::field("Timeout", &Self::timeout).at_least(1),
        wire::field("MemorySize", &Self::memory_size).range(128, 10240),
        wire::field("VpcConfig", &Self::vpc_config),
        wire::field("Environment", &Self::environment),
        wire::field("Runtime", &Self::runtime),
        wire::field("DeadLetterConfig", &Self::dead_letter_config),
        wire::field("KMSKeyArn", &Self::kms_key_arn),
        wire::field("TracingConfig", &Self::tracing_config),
        wire::field("RevisionId", &Self::revision_id),
        wire::field("Layers", &Self::layers)
            .each(wire::rules().length(1, 140).pattern(kLayerVersionArnPattern)),
        wire::field("FileSystemConfigs", &Self::file_system_configs),
        wire::field("ImageConfig", &Self::image_config),
        wire::field("EphemeralStorage", &Self::ephemeral_storage),
        wire::field("SnapStart", &Self::snap_start),
        wire::field("LoggingConfig", &Self::logging_config),
        wire::field("CapacityProviderConfig", &Self::capacity_provider_config),
        wire::field("DurableConfig", &Self::durable_config)};
  }
};

struct GetFunctionRequest {
  std::string function_name;
  std::optional<std::string> qualifier;
  static constexpr auto shape() {
    using Self = GetFunctionRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 256)
                          .pattern(kNamespacedFunctionNamePattern),
                      wire::field("Qualifier", &Self::qualifier)
                          .in(wire::Place::query)
                          .length(1, 128)
                          .pattern(kNumericLatestPublishedOrAliasQualifierPattern)};
  }
};

struct FunctionCodeLocation {
  std::optional<std::string> repository_type;
  std::optional<std::string> location;
  std::optional<std::string> image_uri;
  std::optional<std::string> resolved_image_uri;
  static constexpr auto shape() {
    using Self = FunctionCodeLocation;
    return std::tuple{wire::field("RepositoryType", &Self::repository_type),
                      wire::field("Location", &Self::location),
                      wire::field("ImageUri", &Self::image_uri),
                      wire::field("ResolvedImageUri", &Self::resolved_image_uri)};
  }
};

struct TagsError {
  std::string error_code;
  std::string message;
  static constexpr auto shape() {
    using Self = TagsError;
    return std::tuple{wire::field("ErrorCode", &Self::error_code),
                      wire::field("Message", &Self::message)};
  }
};

struct Concurrency {
  std::optional<std::int32_t> reserved_concurrent_executions;
  static constexpr auto shape() {
    using Self = Concurrency;
    return std::tuple{
        wire::field("ReservedConcurrentExecutions", &Self::reserved_concurrent_executions)};
  }
};

struct GetFunctionResponse {
  std::optional<FunctionConfiguration> configuration;
  std::optional<FunctionCodeLocation> code;
  std::optional<std::map<std::string, std::string>> tags;
  std::optional<TagsError> tags_error;
  std::optional<Concurrency> concurrency;
  static constexpr auto shape() {
    using Self = GetFunctionResponse;
    return std::tuple{wire::field("Configuration", &Self::configuration),
                      wire::field("Code", &Self::code), wire::field("Tags", &Self::tags),
                      wire::field("TagsError", &Self::tags_error),
                      wire::field("Concurrency", &Self::concurrency)};
  }
};

struct GetFunctionConfigurationRequest {
  std::string function_name;
  std::optional<std::string> qualifier;
  static constexpr auto shape() {
    using Self = GetFunctionConfigurationRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 256)
                          .pattern(kNamespacedFunctionNamePattern),
                      wire::field("Qualifier", &Self::qualifier)
                          .in(wire::Place::query)
                          .length(1, 128)
                          .pattern(kNumericLatestPublishedOrAliasQualifierPattern)};
  }
};

struct ListFunctionsRequest {
  std::optional<std::string> master_region;
  std::optional<std::string> function_version;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListFunctionsRequest;
    return std::tuple{
        wire::field("MasterRegion", &Self::master_region)
            .in(wire::Place::query)
            .pattern(kMasterRegionPattern),
        wire::field("FunctionVersion", &Self::function_version)
            .in(wire::Place::query)
            .one_of(kFunctionVersionValues),
        wire::field("Marker", &Self::marker).in(wire::Place::query),
        wire::field("MaxItems", &Self::max_items).in(wire::Place::query).range(1, 10000)};
  }
};

struct ListFunctionsResponse {
  std::optional<std::string> next_marker;
  std::optional<std::vector<FunctionConfiguration>> functions;
  static constexpr auto shape() {
    using Self = ListFunctionsResponse;
    return std::tuple{wire::field("NextMarker", &Self::next_marker),
                      wire::field("Functions", &Self::functions)};
  }
};

struct DeleteFunctionRequest {
  std::string function_name;
  std::optional<std::string> qualifier;
  static constexpr auto shape() {
    using Self = DeleteFunctionRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 256)
                          .pattern(kNamespacedFunctionNamePattern),
                      wire::field("Qualifier", &Self::qualifier)
                          .in(wire::Place::query)
                          .length(1, 128)
                          .pattern(kNumericLatestPublishedOrAliasQualifierPattern)};
  }
};

struct DeleteFunctionResponse {
  std::optional<std::int32_t> status_code;
  static constexpr auto shape() {
    using Self = DeleteFunctionResponse;
    return std::tuple{wire::field("StatusCode", &Self::status_code).in(wire::Place::status_code)};
  }
};

}  // namespace mayfly::lambda
