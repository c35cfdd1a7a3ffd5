// Layers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "services/lambda/shapes.h"
#include "services/lambda/shapes_policy.h"

namespace mayfly::lambda {

inline constexpr std::string_view kLayerNamePattern =
    "(arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+";
inline constexpr std::string_view kLayerRuntimeValues[] = {
    "nodejs",     "nodejs4.3",       "nodejs6.10",     "nodejs8.10",    "nodejs10.x",
    "nodejs12.x", "nodejs14.x",      "nodejs16.x",     "java8",         "java8.al2",
    "java11",     "python2.7",       "python3.6",      "python3.7",     "python3.8",
    "python3.9",  "dotnetcore1.0",   "dotnetcore2.0",  "dotnetcore2.1", "dotnetcore3.1",
    "dotnet6",    "dotnet8",         "nodejs4.3-edge", "go1.x",         "ruby2.5",
    "ruby2.7",    "provided",        "provided.al2",   "nodejs18.x",    "python3.10",
    "java17",     "ruby3.2",         "ruby3.3",        "ruby3.4",       "python3.11",
    "nodejs20.x", "provided.al2023", "python3.12",     "java21",        "python3.13",
    "nodejs22.x", "nodejs24.x",      "python3.14",     "java25",        "dotnet10",
    "ruby4.0"};
inline constexpr std::string_view kLayerPermissionAllowedActionPattern = "lambda:GetLayerVersion";
inline constexpr std::string_view kLayerPermissionAllowedPrincipalPattern =
    "\\d{12}|\\*|arn:(aws[a-zA-Z-]*):iam::\\d{12}:root";
inline constexpr std::string_view kOrganizationIdPattern = "o-[a-z0-9]{10,32}";

struct LayerVersionContentInput {
  std::optional<std::string> s3_bucket;
  std::optional<std::string> s3_key;
  std::optional<std::string> s3_object_version;
  std::optional<wire::Blob> zip_file;
  static constexpr auto shape() {
    using Self = LayerVersionContentInput;
    return std::tuple{wire::field("S3Bucket", &Self::s3_bucket).length(3, 63),
                      wire::field("S3Key", &Self::s3_key).length(1, 1024),
                      wire::field("S3ObjectVersion", &Self::s3_object_version).length(1, 1024),
                      wire::field("ZipFile", &Self::zip_file)};
  }
};

struct PublishLayerVersionRequest {
  std::string layer_name;
  std::optional<std::string> description;
  LayerVersionContentInput content;
  std::optional<std::vector<std::string>> compatible_runtimes;
  std::optional<std::string> license_info;
  std::optional<std::vector<std::string>> compatible_architectures;
  static constexpr auto shape() {
    using Self = PublishLayerVersionRequest;
    return std::tuple{wire::field("LayerName", &Self::layer_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 140)
                          .pattern(kLayerNamePattern),
                      wire::field("Description", &Self::description).length(0, 256),
                      wire::field("Content", &Self::content).required(),
                      wire::field("CompatibleRuntimes", &Self::compatible_runtimes)
                          .items(0, 15)
                          .each(wire::rules().one_of(kLayerRuntimeValues)),
                      wire::field("LicenseInfo", &Self::license_info).length(0, 512),
                      wire::field("CompatibleArchitectures", &Self::compatible_architectures)
                          .items(0, 2)
                          .each(wire::rules().one_of(kArchitectureValues))};
  }
};

struct LayerVersionContentOutput {
  std::optional<std::string> location;
  std::optional<std::string> code_sha256;
  std::optional<std::int64_t> code_size;
  std::optional<std::string> signing_profile_version_arn;
  std::optional<std::string> signing_job_arn;
  static constexpr auto shape() {
    using Self = LayerVersionContentOutput;
    return std::tuple{wire::field("Location", &Self::location),
                      wire::field("CodeSha256", &Self::code_sha256),
                      wire::field("CodeSize", &Self::code_size),
                      wire::field("SigningProfileVersionArn", &Self::signing_profile_version_arn),
                      wire::field("SigningJobArn", &Self::signing_job_arn)};
  }
};

struct PublishLayerVersionResponse {
  std::optional<LayerVersionContentOutput> content;
  std::optional<std::string> layer_arn;
  std::optional<std::string> layer_version_arn;
  std::optional<std::string> description;
  std::optional<std::string> created_date;
  std::optional<std::int64_t> version;
  std::optional<std::vector<std::string>> compatible_runtimes;
  std::optional<std::string> license_info;
  std::optional<std::vector<std::string>> compatible_architectures;
  static constexpr auto shape() {
    using Self = PublishLayerVersionResponse;
    return std::tuple{wire::field("Content", &Self::content),
                      wire::field("LayerArn", &Self::layer_arn),
                      wire::field("LayerVersionArn", &Self::layer_version_arn),
                      wire::field("Description", &Self::description),
                      wire::field("CreatedDate", &Self::created_date),
                      wire::field("Version", &Self::version),
                      wire::field("CompatibleRuntimes", &Self::compatible_runtimes),
                      wire::field("LicenseInfo", &Self::license_info),
                      wire::field("CompatibleArchitectures", &Self::compatible_architectures)};
  }
};

struct GetLayerVersionRequest {
  std::string layer_name;
  std::int64_t version_number = 0;
  static constexpr auto shape() {
    using Self = GetLayerVersionRequest;
    return std::tuple{
        wire::field("LayerName", &Self::layer_name)
            .required()
            .in(wire::Place::path)
            .length(1, 140)
            .pattern(kLayerNamePattern),
        wire::field("VersionNumber", &Self::version_number).required().in(wire::Place::path)};
  }
};

using GetLayerVersionResponse = PublishLayerVersionResponse;

struct GetLayerVersionByArnRequest {
  std::string arn;
  static constexpr auto shape() {
    using Self = GetLayerVersionByArnRequest;
    return std::tuple{wire::field("Arn", &Self::arn)
                          .required()
                          .in(wire::Place::query)
                          .length(1, 140)
                          .pattern(kLayerVersionArnPattern)};
  }
};

struct ListLayersRequest {
  std::optional<std::string> compatible_runtime;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  std::optional<std::string> compatible_architecture;
  static constexpr auto shape() {
    using Self = ListLayersRequest;
    return std::tuple{wire::field("CompatibleRuntime", &Self::compatible_runtime)
                          .in(wire::Place::query)
                          .one_of(kLayerRuntimeValues),
                      wire::field("Marker", &Self::marker).in(wire::Place::query),
                      wire::field("MaxItems", &Self::max_items).in(wire::Place::query).range(1, 50),
                      wire::field("CompatibleArchitecture", &Self::compatible_architecture)
                          .in(wire::Place::query)
                          .one_of(kArchitectureValues)};
  }
};

struct LayerVersionsListItem {
  std::optional<std::string> layer_version_arn;
  std::optional<std::int64_t> version;
  std::optional<std::string> description;
  std::optional<std::string> created_date;
  std::optional<std::vector<std::string>> compatible_runtimes;
  std::optional<std::string> license_info;
  std::optional<std::vector<std::string>> compatible_architectures;
  static constexpr auto shape() {
    using Self = LayerVersionsListItem;
    return std::tuple{wire::field("LayerVersionArn", &Self::layer_version_arn),
                      wire::field("Version", &Self::version),
                      wire::field("Description", &Self::description),
                      wire::field("CreatedDate", &Self::created_date),
                      wire::field("CompatibleRuntimes", &Self::compatible_runtimes),
                      wire::field("LicenseInfo", &Self::license_info),
                      wire::field("CompatibleArchitectures", &Self::compatible_architectures)};
  }
};

struct LayersListItem {
  std::optional<std::string> layer_name;
  std::optional<std::string> layer_arn;
  std::optional<LayerVersionsListItem> latest_matching_version;
  static constexpr auto shape() {
    using Self = LayersListItem;
    return std::tuple{wire::field("LayerName", &Self::layer_name),
                      wire::field("LayerArn", &Self::layer_arn),
                      wire::field("LatestMatchingVersion", &Self::latest_matching_version)};
  }
};

struct ListLayersResponse {
  std::optional<std::string> next_marker;
  std::optional<std::vector<LayersListItem>> layers;
  static constexpr auto shape() {
    using Self = ListLayersResponse;
    return std::tuple{wire::field("NextMarker", &Self::next_marker),
                      wire::field("Layers", &Self::layers)};
  }
};

struct ListLayerVersionsRequest {
  std::optional<std::string> compatible_runtime;
  std::string layer_name;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  std::optional<std::string> compatible_architecture;
  static constexpr auto shape() {
    using Self = ListLayerVersionsRequest;
    return std::tuple{wire::field("CompatibleRuntime", &Self::compatible_runtime)
                          .in(wire::Place::query)
                          .one_of(kLayerRuntimeValues),
                      wire::field("LayerName", &Self::layer_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 140)
                          .pattern(kLayerNamePattern),
                      wire::field("Marker", &Self::marker).in(wire::Place::query),
                      wire::field("MaxItems", &Self::max_items).in(wire::Place::query).range(1, 50),
                      wire::field("CompatibleArchitecture", &Self::compatible_architecture)
                          .in(wire::Place::query)
                          .one_of(kArchitectureValues)};
  }
};

struct ListLayerVersionsResponse {
  std::optional<std::string> next_marker;
  std::optional<std::vector<LayerVersionsListItem>> layer_versions;
  static constexpr auto shape() {
    using Self = ListLayerVersionsResponse;
    return std::tuple{wire::field("NextMarker", &Self::next_marker),
                      wire::field("LayerVersions", &Self::layer_versions)};
  }
};

struct DeleteLayerVersionRequest {
  std::string layer_name;
  std::int64_t version_number = 0;
  static constexpr auto shape() {
    using Self = DeleteLayerVersionRequest;
    return std::tuple{
        wire::field("LayerName", &Self::layer_name)
            .required()
            .in(wire::Place::path)
            .length(1, 140)
            .pattern(kLayerNamePattern),
        wire::field("VersionNumber", &Self::version_number).required().in(wire::Place::path)};
  }
};

struct AddLayerVersionPermissionRequest {
  std::string layer_name;
  std::int64_t version_number = 0;
  std::string statement_id;
  std::string action;
  std::string principal;
  std::optional<std::string> organization_id;
  std::optional<std::string> revision_id;
  static constexpr auto shape() {
    using Self = AddLayerVersionPermissionRequest;
    return std::tuple{
        wire::field("LayerName", &Self::layer_name)
            .required()
            .in(wire::Place::path)
            .length(1, 140)
            .pattern(kLayerNamePattern),
        wire::field("VersionNumber", &Self::version_number).required().in(wire::Place::path),
        wire::field("StatementId", &Self::statement_id)
            .required()
            .length(1, 100)
            .pattern(kStatementIdPattern),
        wire::field("Action", &Self::action)
            .required()
            .length(0, 22)
            .pattern(kLayerPermissionAllowedActionPattern),
        wire::field("Principal", &Self::principal)
            .required()
            .pattern(kLayerPermissionAllowedPrincipalPattern),
        wire::field("OrganizationId", &Self::organization_id)
            .length(0, 34)
            .pattern(kOrganizationIdPattern),
        wire::field("RevisionId", &Self::revision_id).in(wire::Place::query)};
  }
};

struct AddLayerVersionPermissionResponse {
  std::optional<std::string> statement;
  std::optional<std::string> revision_id;
  static constexpr auto shape() {
    using Self = AddLayerVersionPermissionResponse;
    return std::tuple{wire::field("Statement", &Self::statement),
                      wire::field("RevisionId", &Self::revision_id)};
  }
};

struct RemoveLayerVersionPermissionRequest {
  std::string layer_name;
  std::int64_t version_number = 0;
  std::string statement_id;
  std::optional<std::string> revision_id;
  static constexpr auto shape() {
    using Self = RemoveLayerVersionPermissionRequest;
    return std::tuple{
        wire::field("LayerName", &Self::layer_name)
            .required()
            .in(wire::Place::path)
            .length(1, 140)
            .pattern(kLayerNamePattern),
        wire::field("VersionNumber", &Self::version_number).required().in(wire::Place::path),
        wire::field("StatementId", &Self::statement_id)
            .required()
            .in(wire::Place::path)
            .length(1, 100)
            .pattern(kStatementIdPattern),
        wire::field("RevisionId", &Self::revision_id).in(wire::Place::query)};
  }
};

struct GetLayerVersionPolicyRequest {
  std::string layer_name;
  std::int64_t version_number = 0;
  static constexpr auto shape() {
    using Self = GetLayerVersionPolicyRequest;
    return std::tuple{
        wire::field("LayerName", &Self::layer_name)
            .required()
            .in(wire::Place::path)
            .length(1, 140)
            .pattern(kLayerNamePattern),
        wire::field("VersionNumber", &Self::version_number).required().in(wire::Place::path)};
  }
};

struct GetLayerVersionPolicyResponse {
  std::optional<std::string> policy;
  std::optional<std::string> revision_id;
  static constexpr auto shape() {
    using Self = GetLayerVersionPolicyResponse;
    return std::tuple{wire::field("Policy", &Self::policy),
                      wire::field("RevisionId", &Self::revision_id)};
  }
};

}  // namespace mayfly::lambda
