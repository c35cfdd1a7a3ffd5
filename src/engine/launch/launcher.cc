#include "engine/launch/launcher.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/strings.h"
#include "engine/guest/either_guest.h"
#include "engine/guest/framed_guest.h"
#include "engine/launch/variables.h"
#include "engine/runtime_api/extensions.h"
#include "engine/runtime_api/replies.h"
#include "engine/runtime_api/session.h"
#include "sandbox/peer_user.h"

namespace mayfly::engine {
namespace {

constexpr std::uint16_t kRuntimeApiPort = 9001;
constexpr std::uint16_t kEgressPort = 9002;
// EphemeralStorage's default, which is always memory.
constexpr std::int64_t kMemoryTmpMb = 512;
constexpr double kMegabytesPerCpu = 1769.0;
constexpr double kInitCpus = 1.0;  // at least, as on Lambda; clones start with their own share

// A sandbox's name: what cgroups and messages show.
std::string sandbox_name(const FunctionSpec& function, std::uint64_t number) {
  std::string name;
  for (char c : function.function.substr(0, 60)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_';
    name.push_back(plain ? c : '_');
  }
  return fmt::format("{}-{}", name, number);
}

struct Listening {
  base::UniqueFd fd;
  std::uint16_t port = 0;
};

std::expected<Listening, std::string> listen_on_loopback() {
  Listening out;
  out.fd.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (!out.fd || ::bind(out.fd.get(), generic, length) != 0 || ::listen(out.fd.get(), 16) != 0 ||
      ::getsockname(out.fd.get(), generic, &length) != 0) {
    return std::unexpected(
        fmt::format("cannot listen for the Runtime API: {}", std::strerror(errno)));
  }
  out.port = ntohs(address.sin_port);
  return out;
}

// Starts the extensions, without what Lambda does not tell them and without the runtime's own
// descriptors, and becomes the runtime. They are no children of it: it need not know of them, and
// they outlive it. They write to descriptor 5; the end of each is told on 6, a line of the status
// and its name. When the last extension has ended, so has everything: it crashed, or has done what
// SHUTDOWN asked of it, and nobody waits out the budget.
constexpr std::uint32_t kExtensionsPipes = 2;
constexpr const char* kStartExtensions =
    "( ( for e in /opt/extensions/*; do if [ -f \"$e\" ] && [ -x \"$e\" ]; then ( "
    "env -u AWS_EXECUTION_ENV -u AWS_LAMBDA_LOG_GROUP_NAME -u AWS_LAMBDA_LOG_STREAM_NAME "
    "-u LAMBDA_TASK_ROOT -u LAMBDA_RUNTIME_DIR -u _HANDLER -u AWS_XRAY_CONTEXT_MISSING "
    "-u AWS_XRAY_DAEMON_ADDRESS -u _AWS_XRAY_DAEMON_ADDRESS -u _AWS_XRAY_DAEMON_PORT "
    "-u MAYFLY_CLONE \"$e\" 6>&-; printf '%s %s\\n' $? \"${e##*/}\" >&6 ) & fi; done; wait; "
    "kill -KILL $$ ) >&5 2>&5 3<&- 4<&- 5>&- & ); exec \"$@\" 5>&- 6>&-";

// The Extensions API for those who may use it, and the Runtime API for custom runtimes.
http::Handler api_handler(std::shared_ptr<Extensions> extensions,
                          std::shared_ptr<RuntimeApiSession> session) {
  return [extensions, session](http::Request request) -> base::Task<http::Response> {
    if (Extensions::is_call(request.raw_path())) return extensions->handle(std::move(request));
    if (session != nullptr) return session->handle(std::move(request));
    return base::Task<http::Response>::ready(refuse(404, "NotFound", "404 page not found"));
  };
}

// "/var/task/bootstrap" or "/opt/bootstrap"; empty where there is none.
std::string bootstrap(const FunctionSpec& function) {
  std::error_code error;
  if (std::filesystem::is_regular_file(function.code_folder + "/bootstrap", error))
    return "/var/task/bootstrap";
  if (!function.opt_folder.empty() &&
      std::filesystem::is_regular_file(function.opt_folder + "/bootstrap", error)) {
    return "/opt/bootstrap";
  }
  return {};
}

std::vector<std::string> command(const FunctionSpec& function, const Choice& choice,
                                 Launcher::Role role) {
  std::vector<std::string> argv;
  if (Launcher::has_wrapper(function))
    argv.push_back(function.environment.at("AWS_LAMBDA_EXEC_WRAPPER"));
  switch (choice.language) {
    case Language::python:
      argv.insert(argv.end(), {choice.runtime.interpreter, "/var/runtime/bootstrap.py"});
      break;
    case Language::node:
      argv.push_back(choice.runtime.interpreter);
      if (role == Launcher::Role::template_)
        argv.insert(argv.end(), std::begin(kNodeTemplateFlags), std::end(kNodeTemplateFlags));
      argv.emplace_back("/var/runtime/bootstrap.cjs");
      break;
    case Language::custom:
      if (function.image) {
        argv.insert(argv.end(), function.image->argv.begin(), function.image->argv.end());
      } else if (choice.pack != nullptr) {
        argv.insert(argv.end(), choice.pack->command.begin(), choice.pack->command.end());
      } else {
        argv.push_back(bootstrap(function));
      }
      break;
  }
  return argv;
}

// Of the warden's sentence "...: <step>: Permission denied": "permission denied"; else empty.
std::string reason_behind(std::string step, const std::string& message) {
  step += ": ";
  const std::size_t at = message.rfind(step);
  return at == std::string::npos ? std::string{} : base::to_lower(message.substr(at + step.size()));
}

std::string_view folder_name(Language language) {
  switch (language) {
    case Language::python:
      return "/python";
    case Language::node:
      return "/nodejs";
    case Language::custom:
      return {};
  }
  return {};
}

RuntimeLabel label_of(const FunctionSpec& function, const Choice& choice) {
  switch (choice.language) {
    case Language::python:
      return runtime_label("python", choice.runtime.version.empty() ? "3" : choice.runtime.version);
    case Language::node:
      return runtime_label("nodejs", choice.runtime.version.empty() ? "0" : choice.runtime.version);
    case Language::custom:
      break;
  }
  if (function.image) return runtime_label("image", "1");
  if (choice.pack != nullptr) {
    const std::size_t digit = function.runtime.find_first_of("0123456789");
    return runtime_label(function.runtime.substr(0, digit),
                         digit == std::string::npos ? "1" : function.runtime.substr(digit));
  }
  const std::size_t dot = function.runtime.find('.');
  return runtime_label("provided",
                       dot == std::string::npos ? "al1" : function.runtime.substr(dot + 1));
}

}  // namespace

sandbox::Limits limits_of(const FunctionSpec& function) {
  sandbox::Limits limits;
  limits.memory_bytes = static_cast<std::uint64_t>(function.memory_mb) << 20;
  limits.cpus = static_cast<double>(function.memory_mb) / kMegabytesPerCpu;
  limits.tmp_bytes = static_cast<std::uint64_t>(function.tmp_mb) << 20;
  return limits;
}

Launcher::Launcher(const Services& services, Environment::Owner& owner)
    : services_(services), owner_(owner), zygotes_(services) {
  if (services.egress == nullptr) return;
  direct_ = services.egress->rules().direct();
  std::erase_if(direct_.ports, [&](std::uint16_t port) {
    return port == services.options.endpoint_port || port == kEgressPort || port == kRuntimeApiPort;
  });
}

std::string Launcher::program(const FunctionSpec& function, const Choice& choice) {
  if (function.image) return function.image->argv.empty() ? "" : function.image->argv.front();
  return choice.pack != nullptr ? choice.pack->command.front() : bootstrap(function);
}

std::string Launcher::missing_entrypoint(const FunctionSpec& function) {
  if (function.image) {
    return function.image->argv.empty()
               ? "the image and the function have neither ENTRYPOINT nor CMD"
               : "";
  }
  const std::string inside = bootstrap(function);
  if (inside.empty())
    return "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]";
  const std::string host = inside.starts_with("/var/task") ? function.code_folder + "/bootstrap"
                                                           : function.opt_folder + "/bootstrap";
  // Asked of the mode, not of this process's rights: the daemon may be root, the function is not.
  std::error_code error;
  const auto permissions = std::filesystem::status(host, error).permissions();
  using std::filesystem::perms;
  if ((permissions & (perms::owner_exec | perms::group_exec | perms::others_exec)) == perms::none) {
    return fmt::format("fork/exec {}: permission denied", inside);
  }
  return {};
}

bool Launcher::has_wrapper(const FunctionSpec& function) {
  const auto wrapper = function.environment.find("AWS_LAMBDA_EXEC_WRAPPER");
  return wrapper != function.environment.end() && !wrapper->second.empty();
}

std::string Launcher::program_failure(const FunctionSpec& function, const Choice& choice,
                                      const std::string& message) {
  return reason_behind("starting " + command(function, choice, Role::environment).front(), message);
}

std::string Launcher::folder_failure(const FunctionSpec& function, const std::string& message) {
  if (!function.image) return {};
  const std::string& folder = function.image->working_folder;
  const std::string why = reason_behind("entering " + folder, message);
  return why.empty() ? "" : fmt::format("chdir {}: {}", folder, why);
}

bool Launcher::has_disk_tmp(const FunctionSpec& function) const {
  return function.tmp_mb > kMemoryTmpMb && services_.options.large_tmp == sandbox::Storage::disk;
}

std::string Launcher::why_never_cloned(const FunctionSpec& function, const Choice& choice) const {
  if (choice.language == Language::custom)
    return "a custom runtime is started anew for each environment";
  if (function.cloning == Cloning::off) return "the function opted out";
  if (has_disk_tmp(function)) return "its /tmp is on disk (EphemeralStorage above 512 MB)";
  if (!Extensions::external_of(function).empty()) return "the function has external extensions";
  std::error_code error;
  if (choice.language == Language::node &&
      !std::filesystem::exists(services_.options.runtimes_folder + "/nodejs/mayfly.node", error)) {
    return "Mayfly was built without Node.js headers: environments are started ahead, not cloned";
  }
  return {};
}

base::Task<Launcher::Result> Launcher::start(std::shared_ptr<const FunctionSpec> function,
                                             Choice choice, http::Loop& loop, Role role) {
  const EngineOptions& options = services_.options;
  const bool isolated = options.network == sandbox::Network::isolated;
  const bool custom = choice.language == Language::custom;
  const std::vector<std::string> external = Extensions::external_of(*function);

  PlatformAddress address{options.endpoint_port, kRuntimeApiPort,
                          isolated && services_.egress != nullptr ? kEgressPort : std::uint16_t{0}};
  base::UniqueFd api_listener;
  if (!isolated) {
    auto listening = listen_on_loopback();
    if (!listening) co_return std::unexpected(listening.error());
    address.runtime_api_port = listening->port;
    api_listener = std::move(listening->fd);
  }

  const std::string log_stream =
      log_stream_name(services_.clock.now(), function->version, services_.ids);
  sandbox::SandboxSpec spec;
  spec.name = sandbox_name(*function, next_name_.fetch_add(1));
  spec.argv = command(*function, choice, role);
  if (choice.pack != nullptr) {
    spec.runtime_folder = choice.pack->folder;
    spec.env = function_variables(*function, address, log_stream, choice.pack->variables);
    for (std::string& word : spec.argv) word = expand(word, spec.env);
  } else {
    spec.env = function_variables(*function, address, log_stream);
  }
  if (!custom && role == Role::environment) {
    std::erase_if(spec.env,
                  [](const std::string& each) { return each.starts_with("MAYFLY_CLONE="); });
    spec.env.emplace_back("MAYFLY_CLONE=off");
  }
  if (!external.empty()) {
    spec.argv.insert(spec.argv.begin(), {"/bin/sh", "-c", kStartExtensions, "extensions"});
    spec.lingers = true;
    spec.pipes = kExtensionsPipes;
  }
  spec.code_folder = function->code_folder;
  spec.opt_folder = function->opt_folder;
  if (function->image) {
    spec.image_folder = function->image->root_folder;
    spec.working_folder = function->image->working_folder;
  }
  if (!custom)
    spec.runtime_folder = options.runtimes_folder + std::string(folder_name(choice.language));
  spec.binds = choice.binds;
  spec.limits = limits_of(*function);
  spec.limits.cpus = std::max(kInitCpus, spec.limits.cpus);
  spec.network = options.network;
  if (has_disk_tmp(*function)) spec.tmp = sandbox::Storage::disk;
  if (isolated) {
    spec.listen_ports = {options.endpoint_port};
    if (services_.egress != nullptr) spec.listen_ports.push_back(kEgressPort);
    spec.listen_ports.push_back(kRuntimeApiPort);
    spec.own_addresses = direct_.own_addresses;
    spec.open_ports = direct_.ports;
    spec.inside_socket = true;
  }

  // A wrapper script starts the interpreter itself.
  if (role == Role::template_ && !has_wrapper(*function)) spec.zygote = zygotes_.of(choice);
  sandbox::SandboxSpec again;
  if (spec.zygote != 0) again = spec;
  auto started = co_await services_.warden.start(std::move(spec));
  if (!started && again.zygote != 0) {
    again.zygote = 0;
    started = co_await services_.warden.start(std::move(again));
  }
  if (!started) co_return std::unexpected(std::move(started).error().message);

  std::vector<base::UniqueFd> listeners = std::move(started->listeners);
  if (api_listener) listeners.push_back(std::move(api_listener));
  // Built-in runtimes need no Runtime API, but what runs in them may be an internal extension.
  auto telemetry = std::make_shared<Telemetry>(
      loop, services_.client, services_.clock,
      isolated ? Telemetry::Network::isolated : Telemetry::Network::host,
      std::move(started->inside_socket));
  auto extensions =
      std::make_shared<Extensions>(loop, services_.ids, function, external, std::move(telemetry));
  auto environment =
      adopt(function, label_of(*function, choice), log_stream, *started, loop, extensions);
  std::shared_ptr<RuntimeApiSession> session;
  if (custom || has_wrapper(*function))
    session = std::make_shared<RuntimeApiSession>(loop, options.response_limit);
  const auto built_in = [&](Guest::Events& events) -> std::unique_ptr<Guest> {
    return std::make_unique<FramedGuest>(loop, std::move(started->control), events);
  };
  const auto runtime_api = [&](Guest::Events& events) -> std::unique_ptr<Guest> {
    return std::make_unique<RuntimeApiGuest>(session, events);
  };
  Guest::Events& events = environment->guest_events();
  std::unique_ptr<Guest> guest = custom ? runtime_api(events)
                                 : session == nullptr
                                     ? built_in(events)
                                     : std::make_unique<EitherGuest>(events, built_in, runtime_api);
  environment->open(std::move(guest), serve(*function, std::move(listeners),
                                            api_handler(extensions, session), started->user));
  registry_.add(environment);
  co_return environment;
}

base::Task<Launcher::Result> Launcher::clone(std::shared_ptr<Environment> of,
                                             std::string log_stream, http::Loop& loop) {
  const std::shared_ptr<const FunctionSpec> function = of->function();
  if (log_stream.empty())
    log_stream = log_stream_name(services_.clock.now(), function->version, services_.ids);
  std::string name = sandbox_name(*function, next_name_.fetch_add(1));
  const sandbox::Limits limits = limits_of(*function);
  auto started = co_await services_.warden.clone(of->id(), std::move(name), limits);
  if (!started) co_return std::unexpected(std::move(started).error().message);
  auto environment = adopt(function, of->label(), std::move(log_stream), *started, loop, nullptr);
  auto guest =
      std::make_unique<FramedGuest>(loop, std::move(started->control), environment->guest_events());
  environment->open(std::move(guest),
                    serve(*function, std::move(started->listeners), nullptr, started->user));
  registry_.add(environment);
  co_return environment;
}

void Launcher::initialized(const Environment& environment) {
  const double cpus = limits_of(*environment.function()).cpus;
  if (cpus < kInitCpus) services_.warden.set_cpus(environment.id(), cpus);
}

std::shared_ptr<Environment> Launcher::adopt(std::shared_ptr<const FunctionSpec> function,
                                             RuntimeLabel label, std::string log_stream,
                                             sandbox::Started& started, http::Loop& loop,
                                             std::shared_ptr<Extensions> extensions) {
  Environment::Setup setup;
  setup.function = std::move(function);
  setup.label = std::move(label);
  setup.log_stream = std::move(log_stream);
  setup.id = started.id;
  setup.output = std::move(started.output);
  setup.extensions = std::move(extensions);
  if (started.pipes.size() == kExtensionsPipes) {
    setup.extensions_output = std::move(started.pipes[0]);
    setup.extensions_ends = std::move(started.pipes[1]);
  }
  return std::make_shared<Environment>(services_, owner_, loop, std::move(setup));
}

std::function<void()> Launcher::serve(const FunctionSpec& function,
                                      std::vector<base::UniqueFd> listeners,
                                      http::Handler runtime_api, std::uint32_t user) {
  const bool isolated = services_.options.network == sandbox::Network::isolated;
  http::EgressProxy* const proxy = isolated ? services_.egress : nullptr;
  std::vector<http::Server::ListenerId> ids;
  std::optional<http::EgressProxy::ListenerId> way_out;
  // In the order asked for.
  std::size_t next = 0;
  const auto take = [&] { return next < listeners.size() ? listeners[next++].release() : -1; };
  if (isolated) {
    if (const int fd = take(); fd >= 0)
      ids.push_back(services_.server.add_listener(fd, services_.endpoint));
  }
  const int proxy_fd = proxy != nullptr ? take() : -1;
  if (!runtime_api) {
    if (next < listeners.size()) listeners[next++].reset();
  } else if (const int fd = take(); fd >= 0) {
    http::ListenerOptions reading;
    reading.streams = &RuntimeApiSession::streams;
    if (!isolated)
      reading.admits = [user](int socket) { return sandbox::user_of_peer(socket) == user; };
    ids.push_back(services_.server.add_listener(fd, runtime_api, std::move(reading)));
  }
  if (proxy_fd >= 0) {
    std::vector<int> direct;
    while (next < listeners.size()) direct.push_back(take());
    way_out = proxy->add_listener(proxy_fd, function.function, std::move(direct));
  }
  if (ids.empty()) return nullptr;
  return [&server = services_.server, ids = std::move(ids), proxy, way_out] {
    for (const auto id : ids) server.remove_listener(id);
    if (way_out) proxy->remove_listener(*way_out);
  };
}

}  // namespace mayfly::engine
