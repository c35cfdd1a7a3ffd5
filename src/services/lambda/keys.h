// Where Lambda keeps what. The only file that knows these bytes.
//
//   lambda (scope) 1 name                 FunctionRow: what all versions share
//   lambda (scope) 2 name version         VersionRow; version 0 is $LATEST
//   lambda (scope) 3 name alias           AliasRow
//   lambda (scope) 4 name qualifier       PolicyRow; the qualifier is empty for the function itself
//   lambda (scope) 5 name qualifier       EventConfigRow; what happens to asynchronous events
//   lambda (scope) 6 name qualifier       UrlRow; its function URL
//   lambda (scope) 7 name version text    RuntimeUpdateRow; when its runtime is to be replaced
//   lambda (scope) 8 id                   CodeSigningRow
//   lambda (scope) 10 name                LayerRow
//   lambda (scope) 11 name version        LayerVersionRow
//   lambda (scope) 12 name version        LayerPolicyRow
//   lambda 1 account region name version  empty: the version is on its way to Active (taken up
//   again after a crash) lambda 2                              the key that signs URLs of code
//   lambda 4 account region name qualifier   ProvisionedRow; its provisioned concurrency
//   lambda 5 account region name i64 epoch ms request id   FailedEventRow; the newest of a function
//   lambda 6 request id                   the key of that row
//   lambda 3 url id                       UrlOwnerRow: whose function URL that is
//   lambda_code sha256 account region name version    empty: that version uses that package, as its
//   code or as a layer; the name of a version of a layer is "layer:<name>"
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/arn.h"
#include "store/key.h"
#include "store/keyspaces.h"
#include "wire/shape.h"

namespace mayfly::lambda {

inline constexpr std::string_view kLatest = "$LATEST";
inline constexpr std::uint64_t kLatestNumber = 0;

struct FunctionRow {
  std::int64_t next_version = 1;
  std::optional<std::int32_t> reserved_concurrency;
  std::map<std::string, std::string> tags;
  std::string recursive_loop = "Terminate";  // or Allow
  std::string code_signing;                  // the ARN of a configuration, or empty
  static constexpr auto shape() {
    using Self = FunctionRow;
    return std::tuple{wire::field("next", &Self::next_version),
                      wire::field("reserved", &Self::reserved_concurrency),
                      wire::field("tags", &Self::tags),
                      wire::field("recursive_loop", &Self::recursive_loop),
                      wire::field("code_signing", &Self::code_signing)};
  }
};

// The states of a version; stored as text, as AWS spells them.
inline constexpr std::string_view kPending = "Pending";
inline constexpr std::string_view kActive = "Active";
inline constexpr std::string_view kInProgress = "InProgress";
inline constexpr std::string_view kSuccessful = "Successful";

// A layer version as a function version refers to it: all that is needed to run, so that deleting
// the layer version breaks nobody.
struct LayerUse {
  std::string arn, sha256;  // hex
  std::int64_t size = 0, unpacked_size = 0;
  static constexpr auto shape() {
    using Self = LayerUse;
    return std::tuple{wire::field("arn", &Self::arn), wire::field("sha256", &Self::sha256),
                      wire::field("size", &Self::size),
                      wire::field("unpacked", &Self::unpacked_size)};
  }
};

// A container image as a version uses it: what its configuration says, and what the function's
// ImageConfig says instead.
struct ImageRow {
  std::string uri;  // as it was given
  std::vector<std::string> entrypoint, command, variables;
  std::string working_folder;
  static constexpr auto shape() {
    using Self = ImageRow;
    return std::tuple{wire::field("uri", &Self::uri), wire::field("entrypoint", &Self::entrypoint),
                      wire::field("command", &Self::command),
                      wire::field("variables", &Self::variables),
                      wire::field("folder", &Self::working_folder)};
  }
};

struct ImageConfigRow {
  std::optional<std::vector<std::string>> entrypoint, command;
  std::optional<std::string> working_folder;
  static constexpr auto shape() {
    using Self = ImageConfigRow;
    return std::tuple{wire::field("entrypoint", &Self::entrypoint),
                      wire::field("command", &Self::command),
                      wire::field("folder", &Self::working_folder)};
  }
};

struct VersionRow {
  // What users set.
  std::string description, runtime, role, handler;
  std::int32_t timeout = 3, memory = 128, ephemeral_storage = 512;
  std::optional<std::map<std::string, std::string>> environment;
  std::string tracing = "PassThrough", snap_start = "None";
  std::vector<LayerUse> layers;
  std::vector<std::string> architectures = {"x86_64"};
  std::string log_format = "Text", log_group;
  std::optional<std::string> application_log_level, system_log_level;
  std::optional<ImageConfigRow> image_config;
  // The package.
  std::string code_sha256;  // hex
  std::int64_t code_size = 0, unpacked_size = 0;
  std::string hot_folder;         // the code itself, in place of a package (model/hot_folders.h)
  std::optional<ImageRow> image;  // in place of a zip; code_sha256 is its digest
  // What Lambda keeps about it.
  std::string last_modified, revision_id;
  std::string build;  // another one for each change of code or configuration; versions published
                      // unchanged share it
  std::string state = "Pending", update_status;
  static constexpr auto shape() {
    using Self = VersionRow;
    return std::tuple{wire::field("description", &Self::description),
                      wire::field("runtime", &Self::runtime),
                      wire::field("role", &Self::role),
                      wire::field("handler", &Self::handler),
                      wire::field("timeout", &Self::timeout),
                      wire::field("memory", &Self::memory),
                      wire::field("tmp", &Self::ephemeral_storage),
                      wire::field("environment", &Self::environment),
                      wire::field("tracing", &Self::tracing),
                      wire::field("snap_start", &Self::snap_start),
                      wire::field("layers", &Self::layers),
                      wire::field("architectures", &Self::architectures),
                      wire::field("log_format", &Self::log_format),
                      wire::field("log_group", &Self::log_group),
                      wire::field("app_level", &Self::application_log_level),
                      wire::field("system_level", &Self::system_log_level),
                      wire::field("sha256", &Self::code_sha256),
                      wire::field("size", &Self::code_size),
                      wire::field("unpacked", &Self::unpacked_size),
                      wire::field("hot_folder", &Self::hot_folder),
                      wire::field("image", &Self::image),
                      wire::field("image_config", &Self::image_config),
                      wire::field("modified", &Self::last_modified),
                      wire::field("revision", &Self::revision_id),
                      wire::field("build", &Self::build),
                      wire::field("state", &Self::state),
                      wire::field("update", &Self::update_status)};
  }
};

struct AliasRow {
  std::string function_version, description, revision_id;
  std::map<std::string, double> weights;  // of further versions
  static constexpr auto shape() {
    using Self = AliasRow;
    return std::tuple{wire::field("version", &Self::function_version),
                      wire::field("description", &Self::description),
                      wire::field("revision", &Self::revision_id),
                      wire::field("weights", &Self::weights)};
  }
};

struct StatementRow {
  std::string sid, action, principal;
  std::optional<std::string> source_arn, source_account, principal_org, event_source_token,
      url_auth_type;
  std::optional<bool> via_url;
  static constexpr auto shape() {
    using Self = StatementRow;
    return std::tuple{wire::field("sid", &Self::sid),
                      wire::field("action", &Self::action),
                      wire::field("principal", &Self::principal),
                      wire::field("source_arn", &Self::source_arn),
                      wire::field("source_account", &Self::source_account),
                      wire::field("principal_org", &Self::principal_org),
                      wire::field("event_source_token", &Self::event_source_token),
                      wire::field("url_auth_type", &Self::url_auth_type),
                      wire::field("via_url", &Self::via_url)};
  }
};

struct PolicyRow {
  std::string revision_id;
  std::vector<StatementRow> statements;
  static constexpr auto shape() {
    using Self = PolicyRow;
    return std::tuple{wire::field("revision", &Self::revision_id),
                      wire::field("statements", &Self::statements)};
  }
};

struct EventConfigRow {
  std::int64_t modified_ms = 0;
  std::optional<std::int32_t> retries, max_age_seconds;
  std::optional<std::string> on_success, on_failure;
  static constexpr auto shape() {
    using Self = EventConfigRow;
    return std::tuple{
        wire::field("modified", &Self::modified_ms), wire::field("retries", &Self::retries),
        wire::field("max_age", &Self::max_age_seconds),
        wire::field("on_success", &Self::on_success), wire::field("on_failure", &Self::on_failure)};
  }
};

struct UrlCorsRow {
  std::optional<bool> credentials;
  std::optional<std::vector<std::string>> headers, methods, origins, exposed;
  std::optional<std::int32_t> max_age;
  static constexpr auto shape() {
    using Self = UrlCorsRow;
    return std::tuple{
        wire::field("credentials", &Self::credentials), wire::field("headers", &Self::headers),
        wire::field("methods", &Self::methods),         wire::field("origins", &Self::origins),
        wire::field("exposed", &Self::exposed),         wire::field("max_age", &Self::max_age)};
  }
};

struct UrlRow {
  std::string id;           // the first label of its host name
  std::string auth_type;    // NONE or AWS_IAM
  std::string invoke_mode;  // BUFFERED or RESPONSE_STREAM
  std::optional<UrlCorsRow> cors;
  std::string created, modified;
  static constexpr auto shape() {
    using Self = UrlRow;
    return std::tuple{wire::field("id", &Self::id),
                      wire::field("auth", &Self::auth_type),
                      wire::field("mode", &Self::invoke_mode),
                      wire::field("cors", &Self::cors),
                      wire::field("created", &Self::created),
                      wire::field("modified", &Self::modified)};
  }
};

struct UrlOwnerRow {
  std::string account, region, name, qualifier;
  static constexpr auto shape() {
    using Self = UrlOwnerRow;
    return std::tuple{wire::field("account", &Self::account), wire::field("region", &Self::region),
                      wire::field("name", &Self::name), wire::field("qualifier", &Self::qualifier)};
  }
};

struct ProvisionedRow {
  std::int32_t count = 0;
  std::int64_t modified_ms = 0;
  static constexpr auto shape() {
    using Self = ProvisionedRow;
    return std::tuple{wire::field("count", &Self::count),
                      wire::field("modified", &Self::modified_ms)};
  }
};

struct RuntimeUpdateRow {
  std::string update_on;  // Auto, Manual or FunctionUpdate
  std::optional<std::string> version_arn;
  static constexpr auto shape() {
    using Self = RuntimeUpdateRow;
    return std::tuple{wire::field("on", &Self::update_on),
                      wire::field("version", &Self::version_arn)};
  }
};

struct CodeSigningRow {
  std::string description, policy;  // Warn or Enforce
  std::vector<std::string> publishers;
  std::string modified;
  static constexpr auto shape() {
    using Self = CodeSigningRow;
    return std::tuple{
        wire::field("description", &Self::description), wire::field("policy", &Self::policy),
        wire::field("publishers", &Self::publishers), wire::field("modified", &Self::modified)};
  }
};

struct FailedEventRow {
  std::string qualifier, payload, error, executed_version;
  static constexpr auto shape() {
    using Self = FailedEventRow;
    return std::tuple{wire::field("qualifier", &Self::qualifier),
                      wire::field("payload", &Self::payload), wire::field("error", &Self::error),
                      wire::field("version", &Self::executed_version)};
  }
};

struct LayerRow {
  std::int64_t next_version = 1;  // numbers are not used again
  static constexpr auto shape() { return std::tuple{wire::field("next", &LayerRow::next_version)}; }
};

struct LayerVersionRow {
  std::string description, license, created, sha256;  // hex
  std::int64_t size = 0, unpacked_size = 0;
  std::vector<std::string> runtimes, architectures;
  static constexpr auto shape() {
    using Self = LayerVersionRow;
    return std::tuple{wire::field("description", &Self::description),
                      wire::field("license", &Self::license),
                      wire::field("created", &Self::created),
                      wire::field("sha256", &Self::sha256),
                      wire::field("size", &Self::size),
                      wire::field("unpacked", &Self::unpacked_size),
                      wire::field("runtimes", &Self::runtimes),
                      wire::field("architectures", &Self::architectures)};
  }
};

struct LayerStatementRow {
  std::string sid, principal;
  std::optional<std::string> organization;
  static constexpr auto shape() {
    using Self = LayerStatementRow;
    return std::tuple{wire::field("sid", &Self::sid), wire::field("principal", &Self::principal),
                      wire::field("organization", &Self::organization)};
  }
};

struct LayerPolicyRow {
  std::string revision_id;
  std::vector<LayerStatementRow> statements;
  static constexpr auto shape() {
    using Self = LayerPolicyRow;
    return std::tuple{wire::field("revision", &Self::revision_id),
                      wire::field("statements", &Self::statements)};
  }
};

// Stored: never renumber.
enum class Table : std::uint8_t {
  functions = 1,
  versions = 2,
  aliases = 3,
  policies = 4,
  event_configs = 5,
  urls = 6,
  runtime_updates = 7,
  code_signing = 8,
  layers = 10,
  layer_versions = 11,
  layer_policies = 12
};

inline store::KeyWriter in_table(Table table, const base::Scope& scope) {
  return store::key_in(store::KeySpace::lambda, scope).u8(static_cast<std::uint8_t>(table));
}
inline std::string table_prefix(Table table, const base::Scope& scope) {
  return in_table(table, scope).done();
}
// Everything of that function in that table.
inline std::string table_prefix(Table table, const base::Scope& scope, std::string_view name) {
  return in_table(table, scope).str(name).done();
}

inline std::string function_key(const base::Scope& scope, std::string_view name) {
  return in_table(Table::functions, scope).str(name).done();
}
inline std::string version_key(const base::Scope& scope, std::string_view name,
                               std::uint64_t version) {
  return in_table(Table::versions, scope).str(name).u64(version).done();
}
inline std::string alias_key(const base::Scope& scope, std::string_view name,
                             std::string_view alias) {
  return in_table(Table::aliases, scope).str(name).str(alias).done();
}
inline std::string policy_key(const base::Scope& scope, std::string_view name,
                              std::string_view qualifier) {
  return in_table(Table::policies, scope).str(name).str(qualifier).done();
}
inline std::string event_config_key(const base::Scope& scope, std::string_view name,
                                    std::string_view qualifier) {
  return in_table(Table::event_configs, scope).str(name).str(qualifier).done();
}

inline std::string url_key(const base::Scope& scope, std::string_view name,
                           std::string_view qualifier) {
  return in_table(Table::urls, scope).str(name).str(qualifier).done();
}
inline std::string url_owner_key(std::string_view id) {
  return store::key_in(store::KeySpace::lambda).u8(3).str(id).done();
}

inline std::string runtime_update_key(const base::Scope& scope, std::string_view name,
                                      std::string_view version) {
  return in_table(Table::runtime_updates, scope).str(name).str(version).done();
}
inline std::string code_signing_key(const base::Scope& scope, std::string_view id) {
  return in_table(Table::code_signing, scope).str(id).done();
}

inline std::string layer_key(const base::Scope& scope, std::string_view layer) {
  return in_table(Table::layers, scope).str(layer).done();
}
inline std::string layer_version_key(const base::Scope& scope, std::string_view layer,
                                     std::uint64_t version) {
  return in_table(Table::layer_versions, scope).str(layer).u64(version).done();
}
inline std::string layer_policy_key(const base::Scope& scope, std::string_view layer,
                                    std::uint64_t version) {
  return in_table(Table::layer_policies, scope).str(layer).u64(version).done();
}

inline std::string url_secret_key() { return store::key_in(store::KeySpace::lambda).u8(2).done(); }

// A version anywhere in the installation.
struct VersionId {
  base::Scope scope;
  std::string name;
  std::uint64_t version = kLatestNumber;
  auto operator<=>(const VersionId&) const = default;

  struct Hash {
    std::size_t operator()(const VersionId& id) const noexcept {
      return std::hash<std::string>{}(id.name) ^ std::hash<std::string>{}(id.scope.account) << 1 ^
             id.version;
    }
  };
};

inline std::string pending_prefix() { return store::key_in(store::KeySpace::lambda).u8(1).done(); }
inline std::string pending_key(const VersionId& id) {
  return store::key_in(store::KeySpace::lambda)
      .u8(1)
      .str(id.scope.account)
      .str(id.scope.region)
      .str(id.name)
      .u64(id.version)
      .done();
}
std::optional<VersionId> read_pending_key(std::string_view key);

// Not in the account's tables: a start takes up all of the installation.
inline std::string provisioned_prefix() {
  return store::key_in(store::KeySpace::lambda).u8(4).done();
}
inline std::string provisioned_prefix(const base::Scope& scope) {
  return store::key_in(store::KeySpace::lambda).u8(4).str(scope.account).str(scope.region).done();
}
inline std::string provisioned_prefix(const base::Scope& scope, std::string_view name) {
  return store::key_in(store::KeySpace::lambda)
      .u8(4)
      .str(scope.account)
      .str(scope.region)
      .str(name)
      .done();
}
inline std::string provisioned_key(const base::Scope& scope, std::string_view name,
                                   std::string_view qualifier) {
  return store::key_in(store::KeySpace::lambda)
      .u8(4)
      .str(scope.account)
      .str(scope.region)
      .str(name)
      .str(qualifier)
      .done();
}
struct QualifiedName {
  base::Scope scope;
  std::string name, qualifier;
};
std::optional<QualifiedName> read_provisioned_key(std::string_view key);

inline std::string code_users_prefix(std::string_view sha256) {
  return store::key_in(store::KeySpace::lambda_code).str(sha256).done();
}
inline std::string code_user_key(std::string_view sha256, const VersionId& id) {
  return store::key_in(store::KeySpace::lambda_code)
      .str(sha256)
      .str(id.scope.account)
      .str(id.scope.region)
      .str(id.name)
      .u64(id.version)
      .done();
}

inline store::KeyWriter failed_events() { return store::key_in(store::KeySpace::lambda).u8(5); }
inline std::string failed_events_prefix(const base::Scope& scope, std::string_view name) {
  return failed_events().str(scope.account).str(scope.region).str(name).done();
}
inline std::string failed_event_key(const base::Scope& scope, std::string_view name,
                                    std::int64_t epoch_ms, std::string_view request_id) {
  return failed_events()
      .str(scope.account)
      .str(scope.region)
      .str(name)
      .i64(epoch_ms)
      .str(request_id)
      .done();
}
struct FailedEventName {
  base::Scope scope;
  std::string name;
  std::int64_t epoch_ms = 0;
  std::string request_id;
};
std::optional<FailedEventName> read_failed_event_key(std::string_view key);
inline std::string failed_event_index(std::string_view request_id) {
  return store::key_in(store::KeySpace::lambda).u8(6).str(request_id).done();
}

// "(scope) table" name version -> name and version.
struct NamedVersion {
  std::string name;
  std::uint64_t version;
};
std::optional<NamedVersion> read_version_key(const base::Scope& scope, std::string_view key,
                                             Table table = Table::versions);
// The last string of a key of a table with names, behind `prefix`.
std::optional<std::string> read_name(std::string_view prefix, std::string_view key);

// "$LATEST" or a number as users write it; nullopt for anything else (an alias).
std::optional<std::uint64_t> version_number(std::string_view text);
std::string version_text(std::uint64_t version);

}  // namespace mayfly::lambda
