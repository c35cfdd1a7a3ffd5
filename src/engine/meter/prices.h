// Prices: what AWS would charge, from a data file with its date (data/prices.json).
#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::engine {

class Prices {
 public:
  // An error names what is wrong with the text.
  static std::expected<Prices, std::string> parse(std::string_view json);
  static std::expected<Prices, std::string> load(const std::string& path);

  const std::string& as_of() const { return as_of_; }
  double requests(double count) const { return count * request_; }
  // The tiers are AWS's, by month and account; an unknown architecture costs as x86_64.
  double duration(const std::string& architecture, double gb_seconds) const;
  // Of provisioned concurrency: what was held, and what ran on it, which costs less than elsewhere.
  double provisioned(const std::string& architecture, double held_gb_seconds,
                     double run_gb_seconds) const;

 private:
  struct Tier {
    double up_to = 0;  // 0: no end
    double price = 0;
  };
  std::string as_of_;
  double request_ = 0;
  std::map<std::string, std::vector<Tier>> gb_second_;
  struct Provisioned {
    double held = 0, duration = 0;
  };
  std::map<std::string, Provisioned> provisioned_;
};

}  // namespace mayfly::engine
