// Platform: every part of Mayfly, constructed and connected: the only place where concrete types
// meet.
//
// Order of life: the warden is launched before any thread exists and given in; then store,
// services, engine, API; the HTTP server starts last and stops first. Threads: one, that of
// serve().
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "engine/engine.h"
#include "sandbox/warden.h"

namespace mayfly::app {

class Platform {
 public:
  // Throws std::runtime_error with a sentence for people where something cannot be opened. The
  // warden outlives it.
  Platform(const cli::ServeOptions& options, sandbox::Warden& warden, std::string runtimes_folder);
  ~Platform();

  // Listens and takes up the work that an earlier process left.
  void start();
  // Lets requests and events under way end within `grace`, then ends everything.
  void stop(std::chrono::milliseconds grace);

  std::uint16_t port() const;
  std::vector<engine::RuntimeInfo> runtimes() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// JSON of every operation table (`mayfly --dump-api`). Needs no store and no warden.
std::string describe_api();
// docs/compatibility/<name>.md of every service: name and text.
std::vector<std::pair<std::string, std::string>> describe_compatibility();

}  // namespace mayfly::app
