// The Node.js addon mayfly_zygote.node: zygote_wait.h for Node.js.
//
//   wait()         returns in what are to be functions' processes only. The loop is still the zygote's: call mayfly.node's
//                  renew() before anything else. Throws where the warden is not there. Call it as waitForClone().
//   orderIsThere() -> whether takeOrder() would return at once
//   takeOrder()    -> list of "NAME=value": the process is the function's from then on; its variables
//   pair() -> [descriptor, descriptor]: of two connected sockets
//   execute() becomes the program that takeOrder() told, with the function's variables. Returns only where that fails.
#define NAPI_VERSION 8
#include <node_api.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "fork_memory.h"
#include "zygote_wait.h"

namespace {

// In a function's process: what it was started with.
std::optional<mayfly::zygote::Start> started;

napi_value list_of(napi_env env, const std::vector<std::string>& texts) {
  napi_value list = nullptr;
  if (napi_create_array_with_length(env, texts.size(), &list) != napi_ok) return nullptr;
  for (std::size_t at = 0; at < texts.size(); ++at) {
    napi_value text = nullptr;
    if (napi_create_string_utf8(env, texts[at].data(), texts[at].size(), &text) != napi_ok ||
        napi_set_element(env, list, static_cast<std::uint32_t>(at), text) != napi_ok) {
      return nullptr;
    }
  }
  return list;
}

napi_value wait(napi_env env, napi_callback_info) {
  if (mayfly_fork_all_memory() != 0 || !mayfly::zygote::wait(mayfly::zygote::Descriptors::replaced))
    (void)napi_throw_error(env, nullptr, "the warden has gone");
  return nullptr;
}

napi_value order_is_there(napi_env env, napi_callback_info) {
  napi_value result = nullptr;
  (void)napi_get_boolean(env, mayfly::zygote::order_is_there(), &result);
  return result;
}

napi_value take_order(napi_env env, napi_callback_info) {
  started = mayfly::zygote::take_order();
  napi_value variables = list_of(env, started->env);
  if (variables == nullptr) _exit(126);
  return variables;
}

napi_value pair(napi_env env, napi_callback_info) {
  int ends[2] = {-1, -1};
  napi_value list = nullptr;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0 ||
      napi_create_array_with_length(env, 2, &list) != napi_ok) {
    (void)napi_throw_error(env, nullptr, "no descriptors left");
    return nullptr;
  }
  for (std::uint32_t at = 0; at < 2; ++at) {
    napi_value number = nullptr;
    (void)napi_create_int32(env, ends[at], &number);
    (void)napi_set_element(env, list, at, number);
  }
  return list;
}

napi_value execute(napi_env, napi_callback_info) {
  if (!started) return nullptr;
  std::vector<char*> argv, env;
  for (std::string& each : started->argv) argv.push_back(each.data());
  for (std::string& each : started->env) env.push_back(each.data());
  argv.push_back(nullptr);
  env.push_back(nullptr);
  execve(argv[0], argv.data(), env.data());
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"wait", nullptr, wait, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"orderIsThere", nullptr, order_is_there, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"takeOrder", nullptr, take_order, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"pair", nullptr, pair, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"execute", nullptr, execute, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  if (napi_define_properties(env, exports, sizeof functions / sizeof functions[0], functions) != napi_ok) return nullptr;
  return exports;
}
