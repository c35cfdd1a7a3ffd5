// The command lines of what is used while functions are developed: `top`, `dev`, `replay`.
#pragma once

#include <CLI/CLI.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <variant>

namespace mayfly::cli {

struct TopCommand {
  enum class Show { live, once };
  Show show = Show::live;
  std::chrono::milliseconds interval{1000};
};

struct DevCommand {
  std::string folder = {};
  std::string name = {};     // empty: the folder's
  std::string handler = {};  // empty: what is found in it
  std::string runtime = {};  // empty: the newest that fits it
};

using LoopCommand = std::variant<TopCommand, DevCommand>;

class LoopArguments {
 public:
  void add(CLI::App& app);  // outlives the parsing
  // Nothing where another command was chosen.
  std::optional<LoopCommand> take();

 private:
  CLI::App* top_app_ = nullptr;
  CLI::App* dev_app_ = nullptr;
  TopCommand top_;
  DevCommand dev_;
  bool once_ = false;
  double interval_s_ = 1;
};

}  // namespace mayfly::cli
