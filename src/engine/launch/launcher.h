// Launcher: makes an Environment out of a function version: what runs, with which variables, limits
// and links.
//
// Threads: any; a call's coroutine runs on `loop`, which the caller is on. Errors are sentences.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "engine/environment/environment.h"
#include "engine/launch/registry.h"
#include "engine/launch/runtimes.h"
#include "engine/launch/zygotes.h"
#include "engine/services.h"

namespace mayfly::engine {

class Launcher {
 public:
  Launcher(const Services& services, Environment::Owner& owner);

  using Result = std::expected<std::shared_ptr<Environment>, std::string>;
  // What a fresh process becomes after INIT: one that is cloned, or one that takes events. A
  // template whose state cannot be copied takes events too.
  enum class Role { template_, environment };
  // A fresh process, which then runs INIT (Environment::initialize).
  base::Task<Result> start(std::shared_ptr<const FunctionSpec> function, Choice choice,
                           http::Loop& loop, Role role);
  // A clone of a template that waits for it; empty `log_stream`: a new one.
  base::Task<Result> clone(std::shared_ptr<Environment> of, std::string log_stream,
                           http::Loop& loop);

  // Why environments of this function are never clones, whatever its code does, or empty.
  std::string why_never_cloned(const FunctionSpec& function, const Choice& choice) const;

  bool has_disk_tmp(const FunctionSpec& function) const;

  // What is started for a custom runtime, a pack or an image, as seen inside; empty where a custom
  // runtime's package has no bootstrap.
  static std::string program(const FunctionSpec& function, const Choice& choice);
  // Why a custom runtime's package cannot be started at all, or empty.
  static std::string missing_entrypoint(const FunctionSpec& function);

  // Of an error of start(): the program itself could not be executed, and why ("exec format
  // error"); else empty.
  static std::string program_failure(const FunctionSpec& function, const Choice& choice,
                                     const std::string& message);
  // The same of the working folder of an image.
  static std::string folder_failure(const FunctionSpec& function, const std::string& message);
  // Whether the program is the wrapper script that the function's variables name.
  static bool has_wrapper(const FunctionSpec& function);

  // INIT of a process that handles events is over: from now on it has its function's own share of
  // CPU.
  void initialized(const Environment& environment);

  Registry& registry() { return registry_; }

 private:
  std::shared_ptr<Environment> adopt(std::shared_ptr<const FunctionSpec> function,
                                     RuntimeLabel label, std::string log_stream,
                                     sandbox::Started& started, http::Loop& loop,
                                     std::shared_ptr<Extensions> extensions);
  // Serves the listeners that came with a process; returns what stops that. A clone has no use for
  // the Runtime API (null `runtime_api`): an extension inside would have kept its function from
  // being cloned. It answers connections of `user` only: on the machine's network others reach it
  // too.
  std::function<void()> serve(const FunctionSpec& function, std::vector<base::UniqueFd> listeners,
                              http::Handler runtime_api, std::uint32_t user);

  const Services& services_;
  Environment::Owner& owner_;
  Registry registry_;
  Zygotes zygotes_;
  // Empty where there is no way out; without the ports that the platform itself has in a sandbox.
  http::EgressRules::Direct direct_;
  std::atomic<std::uint64_t> next_name_{1};
};

// Full share of a CPU at 1,769 MB, as Lambda gives it.
sandbox::Limits limits_of(const FunctionSpec& function);

}  // namespace mayfly::engine
