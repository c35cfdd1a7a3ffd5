#include "services/lambda/keys.h"

#include "base/strings.h"
#include "services/lambda/keys_event_sources.h"

namespace mayfly::lambda {

std::optional<VersionId> read_pending_key(std::string_view key) {
  store::KeyReader reader(key);
  if (!reader.skip(pending_prefix())) return std::nullopt;
  std::optional<std::string> account = reader.str();
  std::optional<std::string> region = reader.str();
  std::optional<std::string> name = reader.str();
  const std::optional<std::uint64_t> version = reader.u64();
  if (!account || !region || !name || !version || !reader.at_end()) return std::nullopt;
  return VersionId{{std::move(*account), std::move(*region)}, std::move(*name), *version};
}

std::optional<QualifiedName> read_provisioned_key(std::string_view key) {
  store::KeyReader reader(key);
  if (!reader.skip(provisioned_prefix())) return std::nullopt;
  std::optional<std::string> account = reader.str();
  std::optional<std::string> region = reader.str();
  std::optional<std::string> name = reader.str();
  std::optional<std::string> qualifier = reader.str();
  if (!account || !region || !name || !qualifier || !reader.at_end()) return std::nullopt;
  return QualifiedName{
      {std::move(*account), std::move(*region)}, std::move(*name), std::move(*qualifier)};
}

std::optional<FailedEventName> read_failed_event_key(std::string_view key) {
  store::KeyReader reader(key);
  if (!reader.skip(failed_events().done())) return std::nullopt;
  std::optional<std::string> account = reader.str();
  std::optional<std::string> region = reader.str();
  std::optional<std::string> name = reader.str();
  const std::optional<std::int64_t> time = reader.i64();
  std::optional<std::string> id = reader.str();
  if (!account || !region || !name || !time || !id || !reader.at_end()) return std::nullopt;
  return FailedEventName{
      {std::move(*account), std::move(*region)}, std::move(*name), *time, std::move(*id)};
}

std::optional<MappingId> read_mapping_key(std::string_view key) {
  store::KeyReader reader(key);
  if (!reader.skip(mappings_prefix())) return std::nullopt;
  std::optional<std::string> account = reader.str();
  std::optional<std::string> region = reader.str();
  std::optional<std::string> uuid = reader.str();
  if (!account || !region || !uuid || !reader.at_end()) return std::nullopt;
  return MappingId{{std::move(*account), std::move(*region)}, std::move(*uuid)};
}

std::optional<NamedVersion> read_version_key(const base::Scope& scope, std::string_view key,
                                             Table table) {
  store::KeyReader reader(key);
  if (!reader.skip(table_prefix(table, scope))) return std::nullopt;
  std::optional<std::string> name = reader.str();
  const std::optional<std::uint64_t> version = reader.u64();
  if (!name || !version || !reader.at_end()) return std::nullopt;
  return NamedVersion{std::move(*name), *version};
}

std::optional<std::string> read_name(std::string_view prefix, std::string_view key) {
  store::KeyReader reader(key);
  if (!reader.skip(prefix)) return std::nullopt;
  return reader.str();
}

std::optional<std::uint64_t> version_number(std::string_view text) {
  if (text == kLatest) return kLatestNumber;
  if (text.empty() || text.size() > 18 ||
      text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  const std::optional<std::int64_t> number = base::parse_int(text);
  if (!number || *number <= 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

std::string version_text(std::uint64_t version) {
  return version == kLatestNumber ? std::string(kLatest) : std::to_string(version);
}

}  // namespace mayfly::lambda
