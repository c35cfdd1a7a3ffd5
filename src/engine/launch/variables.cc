#include "engine/launch/variables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

namespace mayfly::engine {
namespace {

// What a function's configuration may set though the platform sets it too.
constexpr std::array<std::string_view, 10> kOverridable{"PATH",
                                                        "LD_LIBRARY_PATH",
                                                        "LANG",
                                                        "LC_CTYPE",
                                                        "TZ",
                                                        "AWS_XRAY_CONTEXT_MISSING",
                                                        "AWS_XRAY_DAEMON_ADDRESS",
                                                        "AWS_LAMBDA_LOG_FORMAT",
                                                        "AWS_LAMBDA_LOG_LEVEL",
                                                        "PYTHONPATH"};

// Where the services are is the user's to change: AWS does not reserve these names.
bool is_endpoint(std::string_view name) { return name.starts_with("AWS_ENDPOINT_URL"); }

bool overridable(std::string_view name) {
  return std::find(kOverridable.begin(), kOverridable.end(), name) != kOverridable.end() ||
         is_endpoint(name);
}

}  // namespace

std::vector<std::string> function_variables(const FunctionSpec& function,
                                            const PlatformAddress& address,
                                            const std::string& log_stream,
                                            const std::map<std::string, std::string>& runtime) {
  std::map<std::string, std::string> all{
      {"_HANDLER", function.handler},
      {"AWS_REGION", function.scope.region},
      {"AWS_DEFAULT_REGION", function.scope.region},
      {"AWS_EXECUTION_ENV", "AWS_Lambda_" + function.runtime},
      {"AWS_LAMBDA_FUNCTION_NAME", function.function},
      {"AWS_LAMBDA_FUNCTION_VERSION", function.version},
      {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", std::to_string(function.memory_mb)},
      {"AWS_LAMBDA_LOG_GROUP_NAME", function.log_group},
      {"AWS_LAMBDA_LOG_STREAM_NAME", log_stream},
      {"AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"},
      {"AWS_LAMBDA_RUNTIME_API", fmt::format("127.0.0.1:{}", address.runtime_api_port)},
      {"LAMBDA_TASK_ROOT", "/var/task"},
      {"LAMBDA_RUNTIME_DIR", "/var/runtime"},
      {"LANG", "en_US.UTF-8"},
      {"TZ", ":UTC"},
      {"PWD", "/var/task"},
      {"PATH", "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"},
      {"LD_LIBRARY_PATH",
       "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/"
       "lib"},
      {"AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"},
      {"AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000"},
      {"_AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1"},
      {"_AWS_XRAY_DAEMON_PORT", "2000"},
      {"AWS_ENDPOINT_URL", fmt::format("http://127.0.0.1:{}", address.endpoint_port)},
  };
  std::set<std::string> of_image;  // which the function's own configuration may set again
  if (function.image) {
    // What comes from the image, or from nowhere.
    for (const char* name : {"_HANDLER", "AWS_EXECUTION_ENV", "LANG", "LD_LIBRARY_PATH", "PWD"})
      all.erase(name);
    for (const std::string& each : function.image->variables) {
      const std::size_t equals = each.find('=');
      if (equals == std::string::npos || equals == 0) continue;
      const std::string name = each.substr(0, equals);
      if (all.contains(name) && !overridable(name)) continue;
      all[name] = each.substr(equals + 1);
      of_image.insert(name);
    }
  }
  // The image of the real service does not have the locale en_US.UTF-8 either and says so by
  // LC_CTYPE.
  if (function.runtime.starts_with("python")) {
    all.emplace("PYTHONPATH", "/var/runtime");
    all.emplace("LC_CTYPE", "C.UTF-8");
    all.emplace("SHLVL", "0");
  }
  if (function.runtime.starts_with("nodejs")) {
    // "nodejs22.x": a layer may have modules for that version only.
    const std::string version = function.runtime.substr(0, function.runtime.find('.')).substr(6);
    all.emplace("NODE_PATH", fmt::format("/opt/nodejs/node{}/node_modules:/opt/nodejs/node_modules:"
                                         "/var/runtime/node_modules:/var/runtime:/var/task",
                                         version));
  }
  if (function.log_format == LogFormat::json) {
    all.emplace("AWS_LAMBDA_LOG_FORMAT", "JSON");
    all.emplace("AWS_LAMBDA_LOG_LEVEL", "INFO");
  }
  for (const auto& [name, value] : runtime) all[name] = value;
  for (const auto& [name, value] : function.credentials) all[name] = value;
  for (const auto& [name, value] : function.environment) {
    if (name.empty() || name.starts_with('_') || name.find('=') != std::string::npos) continue;
    const bool own = all.contains(name) && !overridable(name) && !runtime.contains(name);
    if (own && !of_image.contains(name)) continue;
    all[name] = value;
  }
  // By these names clients know a proxy, some in capitals, some not; a function may set its own.
  if (address.egress_port != 0) {
    const std::string proxy = fmt::format("http://127.0.0.1:{}", address.egress_port);
    for (const char* name : {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"})
      all.emplace(name, proxy);
    for (const char* name : {"NO_PROXY", "no_proxy"}) all.emplace(name, "127.0.0.1,localhost,::1");
    // Node.js 24 (and 22.21) heed the others where this is set.
    if (function.runtime.starts_with("nodejs")) all.emplace("NODE_USE_ENV_PROXY", "1");
  }
  std::vector<std::string> out;
  out.reserve(all.size());
  for (const auto& [name, value] : all) out.push_back(name + "=" + value);
  return out;
}

std::string log_stream_name(base::WallTime now, const std::string& version, base::Ids& ids) {
  const std::string day = base::iso8601_ms(now).substr(0, 10);
  return fmt::format("{}/{}/{}/[{}]{}", day.substr(0, 4), day.substr(5, 2), day.substr(8, 2),
                     version, ids.hex(32));
}

}  // namespace mayfly::engine
