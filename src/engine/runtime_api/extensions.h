// Extensions: the Extensions API of one environment, /2020-01-01/extension/... (facts/wire.md 1.6).
//
// External extensions are the executables of /opt/extensions, which are started with the runtime;
// internal ones register from inside it. INIT is over when each external one has registered and all
// wait for their next event; an event is over when all do so again. Two sides, as in session.h:
// handle() on any of the server's threads, the rest on the environment's loop. `changed` is called,
// by a task on that loop, whenever waiting() may have become true or an extension has failed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/one_shot.h"
#include "engine/engine.h"
#include "engine/report/failure.h"
#include "engine/runtime_api/telemetry.h"
#include "http/io.h"
#include "http/message.h"

namespace mayfly::engine {

class Extensions : public std::enable_shared_from_this<Extensions> {
 public:
  static constexpr std::size_t kMost = 10;

  Extensions(http::Loop& loop, base::Ids& ids, std::shared_ptr<const FunctionSpec> function,
             std::vector<std::string> external, std::shared_ptr<Telemetry> telemetry)
      : loop_(loop),
        ids_(ids),
        function_(std::move(function)),
        external_(std::move(external)),
        telemetry_(std::move(telemetry)) {}

  // The file names of the executables that a function's layers bring as extensions.
  static std::vector<std::string> external_of(const FunctionSpec& function);
  static bool is_call(std::string_view path) {
    return path.starts_with(kPrefix) || Telemetry::is_call(path);
  }
  const std::shared_ptr<Telemetry>& telemetry() const { return telemetry_; }
  base::Task<http::Response> handle(http::Request request);

  void attach(std::function<void()> changed) { changed_ = std::move(changed); }
  // Whom there is to think of at the end: an external one, or only what runs in the runtime itself.
  enum class Kind { none, internal, external };
  Kind kind() const;
  std::vector<ExtensionState> states() const;
  // Whether all extensions there should be wait for their next event.
  bool waiting() const;
  // How the first one that gave up or crashed did so.
  std::optional<ExtensionFailure> failure() const;
  // An external one's process has ended; `status` as a shell has it ($?).
  void ended(const std::string& name, int status);
  void init_ended();  // none can register any more
  void invoke(const Event& event, std::int64_t deadline_ms);
  // False: nobody wants to be told.
  bool shut_down(std::string_view reason, std::int64_t deadline_ms);
  void close();

 private:
  static constexpr std::string_view kPrefix = "/2020-01-01/extension/";
  struct Extension {
    std::string name;
    bool external = false, wants_invoke = false, wants_shutdown = false;
    bool asked = false;                // it waits, or has an event that it did not fetch yet
    std::optional<std::string> event;  // not fetched yet
    std::optional<base::OneShot<std::optional<std::string>>> next;
  };

  http::Response enroll(const http::Request& request);
  base::Task<http::Response> next(std::string id);
  http::Response give_up(const http::Request& request, const std::string& id,
                         std::string_view what);
  void send(Extension& extension, const std::string& event);
  void tell();

  std::size_t registered_external() const;

  http::Loop& loop_;
  base::Ids& ids_;
  const std::shared_ptr<const FunctionSpec> function_;
  const std::vector<std::string> external_;
  const std::shared_ptr<Telemetry> telemetry_;
  std::function<void()> changed_;  // touched on the loop only

  mutable std::mutex mutex_;
  bool open_ = true;  // for registration
  bool closed_ = false, ending_ = false;
  std::optional<ExtensionFailure> failure_;  // the first
  struct End {
    std::string state, error_type;
  };
  std::map<std::string, End> ends_;              // of those that gave up or crashed, by name
  std::map<std::string, Extension> extensions_;  // by identifier
};

}  // namespace mayfly::engine
