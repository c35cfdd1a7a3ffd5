#include "services/lambda/model/specs.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/log.h"
#include "services/lambda/errors.h"

namespace mayfly::lambda {

namespace {

constexpr std::chrono::hours kCredentialLifetime{12};
// A function may run for long after it was started with these credentials.
constexpr std::chrono::hours kRenewBefore{1};

// Session names have two characters at least; AWS was seen to use this for a function of one.
std::string session_name(const std::string& function) {
  return function.size() >= 2 ? function : function + "@lambda_function";
}

// A function acts in its own account. AWS refuses a role of another one; here people often name one
// that they copied, as long as nothing is evaluated, and the function must still find its tables.
std::string role_in(const std::string& account, const std::string& role) {
  std::optional<base::Arn> arn = base::Arn::parse(role);
  if (!arn) return role;
  arn->account = account;
  return arn->str();
}

std::string revision_of(const VersionRow& version, const std::string& access_key,
                        std::uint64_t generation) {
  if (version.hot_folder.empty()) return fmt::format("{}.{}", version.build, access_key);
  return fmt::format("{}.{}.{}", version.build, access_key, generation);
}

engine::ImageProgram program_of(const ImageRow& image,
                                const std::optional<ImageConfigRow>& config) {
  // Each setting of the function takes the place of that one of the image; empty ones say nothing.
  const auto chosen = [](const auto& own, const auto& given) {
    return given && !given->empty() ? *given : own;
  };
  engine::ImageProgram out;
  out.argv = chosen(image.entrypoint, config ? config->entrypoint : std::nullopt);
  const auto command = chosen(image.command, config ? config->command : std::nullopt);
  out.argv.insert(out.argv.end(), command.begin(), command.end());
  out.working_folder = chosen(image.working_folder, config ? config->working_folder : std::nullopt);
  // "/app/" and "app" are "/app".
  out.working_folder =
      (std::filesystem::path("/") / out.working_folder / ".").lexically_normal().string();
  while (out.working_folder.size() > 1 && out.working_folder.ends_with('/'))
    out.working_folder.pop_back();
  out.variables = image.variables;
  return out;
}

engine::FunctionSpec describe(const VersionId& id, const FunctionRow& function,
                              const VersionRow& version) {
  engine::FunctionSpec spec;
  spec.scope = id.scope;
  spec.function = id.name;
  spec.version = version_text(id.version);
  spec.runtime = version.runtime;
  spec.handler = version.handler;
  if (version.environment) spec.environment = *version.environment;
  spec.memory_mb = version.memory;
  spec.timeout_s = version.timeout;
  spec.tmp_mb = version.ephemeral_storage;
  spec.log_group = version.log_group;
  spec.log_format =
      version.log_format == "JSON" ? engine::LogFormat::json : engine::LogFormat::text;
  const std::string system = version.system_log_level.value_or("INFO");
  spec.system_log_level = system == "DEBUG"  ? engine::SystemLogLevel::debug
                          : system == "WARN" ? engine::SystemLogLevel::warn
                                             : engine::SystemLogLevel::info;
  // Levels travel as the variables that the runtimes know.
  if (version.log_format == "JSON") {
    spec.environment.emplace("AWS_LAMBDA_LOG_FORMAT", "JSON");
    spec.environment.emplace("AWS_LAMBDA_LOG_LEVEL",
                             version.application_log_level.value_or("INFO"));
  }
  spec.architecture = version.architectures.empty() ? "x86_64" : version.architectures.front();
  spec.reserved_concurrency = function.reserved_concurrency;
  if (version.image) spec.image = program_of(*version.image, version.image_config);
  return spec;
}

}  // namespace

SpecPointer Specs::cached(const VersionId& id, const VersionRow& version,
                          std::uint64_t generation) {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.build != version.build ||
      found->second.renew <= clock_.now() || found->second.generation < generation) {
    return nullptr;
  }
  return found->second.spec;
}

// The same with new code: no new credentials, so that an edit is live at once.
SpecPointer Specs::edited(const VersionId& id, const VersionRow& version,
                          std::uint64_t generation) {
  std::shared_ptr<engine::FunctionSpec> made;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end() || found->second.build != version.build ||
        found->second.renew <= clock_.now())
      return nullptr;
    Entry& entry = found->second;
    if (entry.generation >= generation) return entry.spec;
    made = std::make_shared<engine::FunctionSpec>(*entry.spec);
    made->revision = revision_of(version, made->credentials.at("AWS_ACCESS_KEY_ID"), generation);
    entry.spec = made;
    entry.generation = generation;
  }
  on_edit_(id, made->revision);
  return made;
}

base::Task<wire::Result<SpecPointer>> Specs::get(VersionId id,
                                                 std::shared_ptr<const FunctionRow> function,
                                                 std::shared_ptr<const VersionRow> version) {
  const bool hot = !version->hot_folder.empty();
  const std::uint64_t generation = hot ? hot_folders_.generation(version->hot_folder) : 0;
  SpecPointer spec = cached(id, *version, generation);
  if (spec == nullptr && hot) spec = edited(id, *version, generation);
  if (spec == nullptr) {
    std::expected<std::string, ZipError> folder = version->hot_folder;
    if (!hot) folder = co_await code_.unpacked(version->code_sha256);
    if (!folder) {
      base::log_error("code of {} cannot be read: {}", id.name, folder.error().detail);
      co_return wire::fail(kService, "The code of the function cannot be read.");
    }
    std::vector<std::string> layers;
    for (const LayerUse& layer : version->layers) layers.push_back(layer.sha256);
    auto opt = co_await code_.merged(std::move(layers));
    if (!opt) {
      base::log_error("layers of {} cannot be read: {}", id.name, opt.error().detail);
      co_return wire::fail(kService, "The layers of the function cannot be read.");
    }
    auto credentials = co_await issuer_.issue(role_in(id.scope.account, version->role),
                                              session_name(id.name), kCredentialLifetime);
    if (!credentials) co_return std::unexpected(credentials.error());
    auto made = std::make_shared<engine::FunctionSpec>(describe(id, *function, *version));
    made->revision = revision_of(*version, credentials->access_key_id, generation);
    if (made->image) {
      made->image->root_folder = std::move(*folder);
    } else {
      made->code_folder = std::move(*folder);
    }
    made->opt_folder = std::move(*opt);
    made->credentials = {{"AWS_ACCESS_KEY_ID", credentials->access_key_id},
                         {"AWS_SECRET_ACCESS_KEY", credentials->secret_access_key},
                         {"AWS_SESSION_TOKEN", credentials->session_token}};
    // Another event may have made one meanwhile; all must use the same, or each would start an
    // environment of its own.
    std::lock_guard lock(mutex_);
    Entry& entry = entries_[id];
    if (entry.spec == nullptr || entry.build != version->build || entry.renew <= clock_.now()) {
      entry =
          Entry{version->build, credentials->expires - kRenewBefore, std::move(made), generation};
    }
    spec = entry.spec;
  }
  if (spec->reserved_concurrency != function->reserved_concurrency) {
    // Not part of what runs: the same revision with the new number.
    auto changed = std::make_shared<engine::FunctionSpec>(*spec);
    changed->reserved_concurrency = function->reserved_concurrency;
    std::lock_guard lock(mutex_);
    auto found = entries_.find(id);
    if (found != entries_.end() && found->second.spec == spec) found->second.spec = changed;
    spec = std::move(changed);
  }
  co_return spec;
}

void Specs::forget(const base::Scope& scope, const std::string& name) {
  std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const auto& entry) {
    return entry.first.scope == scope && entry.first.name == name;
  });
}

}  // namespace mayfly::lambda
