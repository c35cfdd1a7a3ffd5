#include "services/lambda/model/lineage.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/strings.h"

namespace mayfly::lambda {

namespace {

constexpr std::string_view kMember = "Lineage=";
// Of functions in one header; what a stranger writes beyond that is dropped.
constexpr std::size_t kMostFunctions = 64;

std::string hash_of(std::string_view function_arn) {
  return base::to_hex(base::sha256(function_arn)).substr(0, 8);
}

struct Header {
  std::string others;  // "Root=...;Parent=...", without the lineage
  std::vector<std::pair<std::string, int>> runs;
};

Header parse(std::string_view text) {
  Header out;
  for (std::string_view member : base::split(text, ';')) {
    member = base::trim(member);
    if (member.empty()) continue;
    if (!member.starts_with(kMember)) {
      out.others += (out.others.empty() ? "" : ";") + std::string(member);
      continue;
    }
    for (const std::string_view entry : base::split(member.substr(kMember.size()), '|')) {
      const std::size_t colon = entry.find(':');
      if (colon == std::string_view::npos || out.runs.size() == kMostFunctions) continue;
      const std::optional<std::int64_t> count = base::parse_int(entry.substr(colon + 1));
      if (count && *count > 0 && *count <= kMostInChain)
        out.runs.emplace_back(entry.substr(0, colon), static_cast<int>(*count));
    }
  }
  return out;
}

}  // namespace

int runs_in_chain(std::string_view header, std::string_view function_arn) {
  const std::string hash = hash_of(function_arn);
  for (const auto& [function, count] : parse(header).runs) {
    if (function == hash) return count;
  }
  return 0;
}

std::string next_in_chain(std::string_view header, std::string_view function_arn,
                          base::WallTime now, base::Ids& ids) {
  Header parsed = parse(header);
  if (parsed.others.empty()) {
    parsed.others = fmt::format("Root=1-{:08x}-{};Parent={};Sampled=0",
                                static_cast<std::uint32_t>(base::epoch_ms(now) / 1000), ids.hex(24),
                                ids.hex(16));
  }
  const std::string hash = hash_of(function_arn);
  bool known = false;
  for (auto& [function, count] : parsed.runs) {
    if (function != hash) continue;
    count = std::min(count + 1, kMostInChain);
    known = true;
  }
  if (!known) {
    if (parsed.runs.size() == kMostFunctions) parsed.runs.erase(parsed.runs.begin());
    parsed.runs.emplace_back(hash, 1);
  }
  std::string out = std::move(parsed.others) + ";Lineage=";
  for (std::size_t i = 0; i < parsed.runs.size(); ++i) {
    out += fmt::format("{}{}:{}", i == 0 ? "" : "|", parsed.runs[i].first, parsed.runs[i].second);
  }
  return out;
}

}  // namespace mayfly::lambda
