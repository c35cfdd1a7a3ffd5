// Users and their access keys.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "services/iam/shapes.h"

namespace mayfly::iam {

struct CreateUserRequest {
  std::optional<std::string> path;
  std::string user_name;
  std::optional<std::string> permissions_boundary;
  std::optional<std::vector<Tag>> tags;
  static constexpr auto shape() {
    using Self = CreateUserRequest;
    return std::tuple{
        wire::field("Path", &Self::path).length(1, 512),
        wire::field("UserName", &Self::user_name).required().length(1, 64).pattern(kNamePattern),
        wire::field("PermissionsBoundary", &Self::permissions_boundary).length(20, 2048),
        wire::field("Tags", &Self::tags).items(0, 50)};
  }
};

struct User {
  std::string path;
  std::string user_name;
  std::string user_id;
  std::string arn;
  wire::Timestamp create_date;
  std::optional<AttachedPermissionsBoundary> permissions_boundary;
  std::optional<std::vector<Tag>> tags;
  static constexpr auto shape() {
    using Self = User;
    return std::tuple{wire::field("Path", &Self::path),
                      wire::field("UserName", &Self::user_name),
                      wire::field("UserId", &Self::user_id),
                      wire::field("Arn", &Self::arn),
                      wire::field("CreateDate", &Self::create_date),
                      wire::field("PermissionsBoundary", &Self::permissions_boundary),
                      wire::field("Tags", &Self::tags)};
  }
};

struct CreateUserResponse {
  std::optional<User> user;
  static constexpr auto shape() {
    using Self = CreateUserResponse;
    return std::tuple{wire::field("User", &Self::user)};
  }
};

struct GetUserRequest {
  std::optional<std::string> user_name;
  static constexpr auto shape() {
    using Self = GetUserRequest;
    return std::tuple{
        wire::field("UserName", &Self::user_name).length(1, 128).pattern(kNamePattern)};
  }
};

struct GetUserResponse {
  User user;
  static constexpr auto shape() {
    using Self = GetUserResponse;
    return std::tuple{wire::field("User", &Self::user)};
  }
};

struct ListUsersRequest {
  std::optional<std::string> path_prefix;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListUsersRequest;
    return std::tuple{wire::field("PathPrefix", &Self::path_prefix).length(1, 512),
                      wire::field("Marker", &Self::marker).length(1, 320),
                      wire::field("MaxItems", &Self::max_items).range(1, 1000)};
  }
};

struct ListUsersResponse {
  std::vector<User> users;
  std::optional<bool> is_truncated;
  std::optional<std::string> marker;
  static constexpr auto shape() {
    using Self = ListUsersResponse;
    return std::tuple{wire::field("Users", &Self::users),
                      wire::field("IsTruncated", &Self::is_truncated),
                      wire::field("Marker", &Self::marker)};
  }
};

struct DeleteUserRequest {
  std::string user_name;
  static constexpr auto shape() {
    using Self = DeleteUserRequest;
    return std::tuple{
        wire::field("UserName", &Self::user_name).required().length(1, 128).pattern(kNamePattern)};
  }
};

struct TagUserRequest {
  std::string user_name;
  std::vector<Tag> tags;
  static constexpr auto shape() {
    using Self = TagUserRequest;
    return std::tuple{
        wire::field("UserName", &Self::user_name).required().length(1, 128).pattern(kNamePattern),
        wire::field("Tags", &Self::tags).required().items(0, 50)};
  }
};

struct UntagUserRequest {
  std::string user_name;
  std::vector<std::string> tag_keys;
  static constexpr auto shape() {
    using Self = UntagUserRequest;
    return std::tuple{
        wire::field("UserName", &Self::user_name).required().length(1, 128).pattern(kNamePattern),
        wire::field("TagKeys", &Self::tag_keys)
            .required()
            .items(0, 50)
            .each(wire::rules().length(1, 128))};
  }
};

struct ListUserTagsRequest {
  std::string user_name;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListUserTagsRequest;
    return std::tuple{
        wire::field("UserName", &Self::user_name).required().length(1, 128).pattern(kNamePattern),
        wire::field("Marker", &Self::marker).length(1, 320),
        wire::field("MaxItems", &Self::max_items).range(1, 1000)};
  }
};

struct ListUserTagsResponse {
  std::vector<Tag> tags;
  std::optional<bool> is_truncated;
  std::optional<std::string> marker;
  static constexpr auto shape() {
    using Self = ListUserTagsResponse;
    return std::tuple{wire::field("Tags", &Self::tags),
                      wire::field("IsTruncated", &Self::is_truncated),
                      wire::field("Marker", &Self::marker)};
  }
};

struct CreateAccessKeyRequest {
  std::optional<std::string> user_name;
  static constexpr auto shape() {
    using Self = CreateAccessKeyRequest;
    return std::tuple{
        wire::field("UserName", &Self::user_name).length(1, 128).pattern(kNamePattern)};
  }
};

struct AccessKey {
  std::string user_name;
  std::string access_key_id;
  std::string status;
  std::string secret_access_key;
  std::optional<wire::Timestamp> create_date;
  static constexpr auto shape() {
    using Self = AccessKey;
    return std::tuple{wire::field("UserName", &Self::user_name),
                      wire::field("AccessKeyId", &Self::access_key_id),
                      wire::field("Status", &Self::status),
                      wire::field("SecretAccessKey", &Self::secret_access_key),
                      wire::field("CreateDate", &Self::create_date)};
  }
};

struct CreateAccessKeyResponse {
  AccessKey access_key;
  static constexpr auto shape() {
    using Self = CreateAccessKeyResponse;
    return std::tuple{wire::field("AccessKey", &Self::access_key)};
  }
};

struct ListAccessKeysRequest {
  std::optional<std::string> user_name;
  std::optional<std::string> marker;
  std::optional<std::int32_t> max_items;
  static constexpr auto shape() {
    using Self = ListAccessKeysRequest;
    return std::tuple{
        wire::field("UserName", &Self::user_name).length(1, 128).pattern(kNamePattern),
        wire::field("Marker", &Self::marker).length(1, 320),
        wire::field("MaxItems", &Self::max_items).range(1, 1000)};
  }
};

struct AccessKeyMetadata {
  std::optional<std::string> user_name;
  std::optional<std::string> access_key_id;
  std::optional<std::string> status;
  std::optional<wire::Timestamp> create_date;
  static constexpr auto shape() {
    using Self = AccessKeyMetadata;
    return std::tuple{
        wire::field("UserName", &Self::user_name), wire::field("AccessKeyId", &Self::access_key_id),
        wire::field("Status", &Self::status), wire::field("CreateDate", &Self::create_date)};
  }
};

struct ListAccessKeysResponse {
  std::vector<AccessKeyMetadata> access_key_metadata;
  std::optional<bool> is_truncated;
  std::optional<std::string> marker;
  static constexpr auto shape() {
    using Self = ListAccessKeysResponse;
    return std::tuple{wire::field("AccessKeyMetadata", &Self::access_key_metadata),
                      wire::field("IsTruncated", &Self::is_truncated),
                      wire::field("Marker", &Self::marker)};
  }
};

struct DeleteAccessKeyRequest {
  std::optional<std::string> user_name;
  std::string access_key_id;
  static constexpr auto shape() {
    using Self = DeleteAccessKeyRequest;
    return std::tuple{
        wire::field("UserName", &Self::user_name).length(1, 128).pattern(kNamePattern),
        wire::field("AccessKeyId", &Self::access_key_id)
            .required()
            .length(16, 128)
            .pattern(kAccessKeyIdTypePattern)};
  }
};

struct UpdateAccessKeyRequest {
  std::optional<std::string> user_name;
  std::string access_key_id;
  std::string status;
  static constexpr auto shape() {
    using Self = UpdateAccessKeyRequest;
    return std::tuple{
        wire::field("UserName", &Self::user_name).length(1, 128).pattern(kNamePattern),
        wire::field("AccessKeyId", &Self::access_key_id)
            .required()
            .length(16, 128)
            .pattern(kAccessKeyIdTypePattern),
        wire::field("Status", &Self::status).required().one_of(kStatusTypeValues)};
  }
};

}  // namespace mayfly::iam
