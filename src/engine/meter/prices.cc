#include "engine/meter/prices.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "wire/json.h"

namespace mayfly::engine {

std::expected<Prices, std::string> Prices::parse(std::string_view json) {
  auto document = wire::parse_json(json);
  if (!document) return std::unexpected(fmt::format("not JSON: {}", document.error().message));
  Prices prices;
  const wire::Document* as_of = document->find("as_of");
  const wire::Document* lambda = document->find("lambda");
  if (as_of == nullptr || as_of->as_string() == nullptr) return std::unexpected("as_of is missing");
  prices.as_of_ = *as_of->as_string();
  const wire::Document* request = lambda != nullptr ? lambda->find("request") : nullptr;
  if (request == nullptr || !request->as_double())
    return std::unexpected("lambda.request is missing");
  prices.request_ = *request->as_double();
  const wire::Document* table = lambda->find("gb_second");
  if (table == nullptr || table->as_map() == nullptr)
    return std::unexpected("lambda.gb_second is missing");
  for (const auto& [architecture, tiers] : *table->as_map()) {
    if (tiers.as_list() == nullptr)
      return std::unexpected(fmt::format("lambda.gb_second.{} is no list", architecture));
    for (const wire::Document& tier : *tiers.as_list()) {
      const wire::Document* price = tier.find("price");
      const wire::Document* up_to = tier.find("up_to_gb_seconds");
      if (price == nullptr || !price->as_double()) return std::unexpected("a tier has no price");
      prices.gb_second_[architecture].push_back(
          {up_to != nullptr ? up_to->as_double().value_or(0) : 0, *price->as_double()});
    }
  }
  if (!prices.gb_second_.contains("x86_64"))
    return std::unexpected("lambda.gb_second.x86_64 is missing");
  const wire::Document* provisioned = lambda->find("provisioned_gb_second");
  if (provisioned == nullptr || provisioned->as_map() == nullptr)
    return std::unexpected("lambda.provisioned_gb_second is missing");
  for (const auto& [architecture, each] : *provisioned->as_map()) {
    const wire::Document* held = each.find("held");
    const wire::Document* duration = each.find("duration");
    if (held == nullptr || !held->as_double() || duration == nullptr || !duration->as_double()) {
      return std::unexpected(
          fmt::format("lambda.provisioned_gb_second.{} has no held or no duration", architecture));
    }
    prices.provisioned_[architecture] = {*held->as_double(), *duration->as_double()};
  }
  if (!prices.provisioned_.contains("x86_64"))
    return std::unexpected("lambda.provisioned_gb_second.x86_64 is missing");
  return prices;
}

std::expected<Prices, std::string> Prices::load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::unexpected(fmt::format("cannot read {}", path));
  const std::string text(std::istreambuf_iterator<char>(file), {});
  auto prices = parse(text);
  if (!prices) return std::unexpected(fmt::format("{}: {}", path, prices.error()));
  return prices;
}

double Prices::duration(const std::string& architecture, double gb_seconds) const {
  const auto found = gb_second_.find(architecture);
  double cost = 0;
  double below = 0;
  for (const Tier& tier : found != gb_second_.end() ? found->second : gb_second_.at("x86_64")) {
    const double end = tier.up_to > 0 ? std::min(tier.up_to, gb_seconds) : gb_seconds;
    if (end > below) cost += (end - below) * tier.price;
    below = std::max(below, end);
    if (tier.up_to <= 0 || gb_seconds <= tier.up_to) break;
  }
  return cost;
}

double Prices::provisioned(const std::string& architecture, double held_gb_seconds,
                           double run_gb_seconds) const {
  const auto found = provisioned_.find(architecture);
  const Provisioned& price =
      found != provisioned_.end() ? found->second : provisioned_.at("x86_64");
  return held_gb_seconds * price.held + run_gb_seconds * price.duration;
}

}  // namespace mayfly::engine
