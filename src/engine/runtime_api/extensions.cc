#include "engine/runtime_api/extensions.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "engine/runtime_api/replies.h"
#include "wire/json.h"

namespace mayfly::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIdentifier = "Lambda-Extension-Identifier";

std::string invoke_event(const Event& event, std::int64_t deadline_ms) {
  wire::Document document = wire::Document::map();
  document.set("eventType", "INVOKE");
  document.set("deadlineMs", deadline_ms);
  document.set("requestId", event.request_id);
  document.set("invokedFunctionArn", event.invoked_function_arn);
  wire::Document tracing = wire::Document::map();
  tracing.set("type", "X-Amzn-Trace-Id");
  tracing.set("value", event.trace_header);
  document.set("tracing", std::move(tracing));
  return wire::to_json(document);
}

}  // namespace

std::vector<std::string> Extensions::external_of(const FunctionSpec& function) {
  std::vector<std::string> out;
  std::error_code error;
  fs::path folder = function.opt_folder;
  if (function.image) {
    // Links of an image are for its inside only.
    folder = fs::path(function.image->root_folder) / "opt";
    if (fs::symlink_status(folder, error).type() != fs::file_type::directory ||
        fs::symlink_status(folder / "extensions", error).type() != fs::file_type::directory) {
      return out;
    }
  }
  if (folder.empty()) return out;
  for (fs::directory_iterator it(folder / "extensions", error), end; !error && it != end;
       it.increment(error)) {
    const auto status = function.image ? it->symlink_status(error) : it->status(error);
    if (fs::is_regular_file(status) &&
        (status.permissions() & fs::perms::others_exec) != fs::perms::none)
      out.push_back(it->path().filename().string());
  }
  std::ranges::sort(out);
  return out;
}

base::Task<http::Response> Extensions::handle(http::Request request) {
  const auto self = shared_from_this();
  const bool subscription = Telemetry::is_call(request.raw_path());
  const std::string call(subscription ? std::string_view("telemetry")
                                      : request.raw_path().substr(kPrefix.size()));
  const bool post = request.method == "POST";
  if (call == "register" && post) co_return enroll(request);
  const bool known = subscription || (call == "event/next" && request.method == "GET") ||
                     ((call == "init/error" || call == "exit/error") && post);
  if (!known) co_return refuse(404, "NotFound", "404 page not found");
  const auto id = request.headers.get(kIdentifier);
  if (!id || id->empty())
    co_return refuse(403, "Extension.MissingExtensionIdentifier",
                     "Missing Lambda-Extension-Identifier header");
  std::string name;
  {
    const std::lock_guard lock(mutex_);
    const auto found = extensions_.find(std::string(*id));
    if (found != extensions_.end()) name = found->second.name;
    if (name.empty())
      co_return refuse(403, "Extension.InvalidExtensionIdentifier", "Invalid extension identifier");
  }
  if (subscription) co_return telemetry_->subscribe(request, name);
  if (call == "event/next") co_return co_await next(std::string(*id));
  co_return give_up(request, std::string(*id), call);
}

http::Response Extensions::enroll(const http::Request& request) {
  const std::string name(request.headers.get("Lambda-Extension-Name").value_or(""));
  if (name.empty()) return refuse(403, "Extension.InvalidExtensionName", "Empty extension name");
  const auto body = wire::parse_json(request.body);
  const wire::Document* events = body ? body->find("events") : nullptr;
  if (!body || body->as_map() == nullptr || (events != nullptr && events->as_list() == nullptr))
    return refuse(400, "InvalidRequestFormat", "Invalid request format");
  Extension extension;
  extension.name = name;
  extension.external = std::ranges::find(external_, name) != external_.end();
  if (events != nullptr) {
    for (const wire::Document& each : *events->as_list()) {
      const std::string event = each.as_string() != nullptr ? *each.as_string() : std::string{};
      if (event == "SHUTDOWN" && !extension.external)
        return refuse(400, "ShutdownEventNotSupportedForInternalExtension",
                      "Shutdown event is not supported for internal extensions");
      if (event != "INVOKE" && event != "SHUTDOWN")
        return refuse(400, "Extension.InvalidEventType", "Invalid event type: " + event);
      (event == "INVOKE" ? extension.wants_invoke : extension.wants_shutdown) = true;
    }
  }
  const std::string id = ids_.uuid();
  {
    const std::lock_guard lock(mutex_);
    const bool taken = std::ranges::any_of(
        extensions_, [&](const auto& each) { return each.second.name == name; });
    if (!open_ || closed_ || taken)
      return refuse(403, "Extension.RegistrationClosed", "Extension registration is not possible");
    if (extensions_.size() >= kMost)
      return refuse(403, "Extension.TooManyExtensions", "Extension limit (10) reached");
    extensions_.emplace(id, std::move(extension));
  }
  wire::Document reply = wire::Document::map();
  reply.set("functionName", function_->function);
  reply.set("functionVersion", function_->version);
  reply.set("handler", function_->handler);
  if (const auto features = request.headers.get("Lambda-Extension-Accept-Feature");
      features && features->find("accountId") != std::string_view::npos) {
    reply.set("accountId", function_->scope.account);
  }
  http::Response response = json_response(200, wire::to_json(reply));
  response.headers.add(std::string(kIdentifier), id);
  return response;
}

base::Task<http::Response> Extensions::next(std::string id) {
  std::optional<std::string> event;
  std::optional<base::OneShot<std::optional<std::string>>> wait;
  {
    const std::lock_guard lock(mutex_);
    Extension& extension = extensions_.at(id);
    if (closed_)
      co_return refuse(403, "Extension.InvalidExtensionState", "The environment has ended");
    event = std::exchange(extension.event, std::nullopt);
    if (!event) {
      extension.asked = true;
      if (extension.next)
        extension.next->set(std::nullopt);  // it asks again: the newer call counts
      wait.emplace();
      extension.next = wait;
    }
  }
  if (wait) {
    tell();
    event = co_await wait->wait();
  }
  if (!event) co_return refuse(403, "Extension.InvalidExtensionState", "The call was given up");
  http::Response response = json_response(200, std::move(*event));
  response.headers.add("Lambda-Extension-Event-Identifier", ids_.uuid());
  co_return response;
}

http::Response Extensions::give_up(const http::Request& request, const std::string& id,
                                   std::string_view what) {
  const std::string type(request.headers.get("Lambda-Extension-Function-Error-Type").value_or(""));
  if (type.empty())
    return refuse(403, "Extension.MissingHeader",
                  "Missing Lambda-Extension-Function-Error-Type header");
  {
    const std::lock_guard lock(mutex_);
    if (what == "init/error" && !open_)
      return refuse(403, "Extension.InvalidExtensionState", "The initialization has ended");
    const std::string& name = extensions_.at(id).name;
    ends_.insert_or_assign(name, End{what == "init/error" ? "InitError" : "ExitError", type});
    if (!failure_) failure_ = {type, fmt::format("extension {} gave up: {}", name, type)};
  }
  tell();
  return accepted();
}

void Extensions::tell() {
  loop_.post([self = shared_from_this()] {
    if (self->changed_) self->changed_();
  });
}

std::size_t Extensions::registered_external() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(extensions_, [](const auto& each) { return each.second.external; }));
}

Extensions::Kind Extensions::kind() const {
  const std::lock_guard lock(mutex_);
  if (registered_external() > 0) return Kind::external;
  return extensions_.empty() ? Kind::none : Kind::internal;
}

std::vector<ExtensionState> Extensions::states() const {
  std::vector<ExtensionState> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, extension] : extensions_) {
    ExtensionState& state = out.emplace_back();
    state.name = extension.name;
    state.state = extension.asked ? "Ready" : "Registered";
    if (extension.wants_invoke) state.events.emplace_back("INVOKE");
    if (extension.wants_shutdown) state.events.emplace_back("SHUTDOWN");
  }
  for (const std::string& name : external_) {
    if (std::ranges::find(out, name, &ExtensionState::name) == out.end())
      out.push_back({name, "Started", {}, ""});
  }
  for (ExtensionState& each : out) {
    const auto end = ends_.find(each.name);
    if (end == ends_.end()) continue;
    each.state = end->second.state;
    each.error_type = end->second.error_type;
  }
  std::ranges::sort(out, {}, &ExtensionState::name);
  return out;
}

bool Extensions::waiting() const {
  const std::lock_guard lock(mutex_);
  if (registered_external() < external_.size()) return false;
  return std::ranges::all_of(extensions_, [](const auto& each) { return each.second.asked; });
}

std::optional<ExtensionFailure> Extensions::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Extensions::ended(const std::string& name, int status) {
  constexpr int kCannotRun = 126, kNotFound = 127, kSignals = 128;
  {
    const std::lock_guard lock(mutex_);
    if (failure_ || ending_ || closed_) return;
    const bool registered = std::ranges::any_of(
        extensions_, [&](const auto& each) { return each.second.name == name; });
    const bool launched = registered || (status != kCannotRun && status != kNotFound);
    if (!launched) {
      failure_ = {
          "Extension.LaunchError",
          fmt::format("fork/exec /opt/extensions/{}: {}", name,
                      status == kNotFound ? "no such file or directory" : "permission denied")};
    } else {
      failure_ = {"Extension.Crash", status > kSignals ? signal_words(status - kSignals)
                                                       : fmt::format("exit code {}", status)};
    }
    ends_.insert_or_assign(name, End{launched ? "Exited" : "LaunchError", failure_->type});
  }
  tell();
}

void Extensions::init_ended() {
  const std::lock_guard lock(mutex_);
  open_ = false;
  telemetry_->init_ended();
  if (extensions_.empty()) telemetry_->close();  // nobody is left who could ask for it
}

void Extensions::send(Extension& extension, const std::string& event) {
  extension.asked = false;
  if (extension.next) {
    std::exchange(extension.next, std::nullopt)->set(event);
  } else {
    extension.event = event;
  }
}

void Extensions::invoke(const Event& event, std::int64_t deadline_ms) {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (auto& [id, extension] : extensions_) {
    if (!extension.wants_invoke) continue;
    if (text.empty()) text = invoke_event(event, deadline_ms);
    send(extension, text);
  }
}

bool Extensions::shut_down(std::string_view reason, std::int64_t deadline_ms) {
  wire::Document document = wire::Document::map();
  document.set("eventType", "SHUTDOWN");
  document.set("shutdownReason", reason);
  document.set("deadlineMs", deadline_ms);
  const std::string text = wire::to_json(document);
  telemetry_->flush();
  bool told = false;
  const std::lock_guard lock(mutex_);
  ending_ = true;
  for (auto& [id, extension] : extensions_) {
    if (!extension.wants_shutdown) continue;
    send(extension, text);
    told = true;
  }
  return told;
}

void Extensions::close() {
  changed_ = nullptr;
  telemetry_->close();
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (auto& [id, extension] : extensions_) {
    if (extension.next) std::exchange(extension.next, std::nullopt)->set(std::nullopt);
  }
}

}  // namespace mayfly::engine
