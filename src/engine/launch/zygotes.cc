#include "engine/launch/zygotes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <string_view>

#include "engine/launch/variables.h"

namespace mayfly::engine {
namespace {

// Whether only root can change this program, or its folders: links are followed.
bool belongs_to_root(const std::string& program) {
  std::error_code error;
  std::filesystem::path path = std::filesystem::canonical(program, error);
  if (error) return false;
  for (;; path = path.parent_path()) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0 || info.st_uid != 0) return false;
    const bool shared =
        (info.st_mode & S_IWOTH) != 0 || ((info.st_mode & S_IWGRP) != 0 && info.st_gid != 0);
    if (shared) return false;
    if (path == path.root_path()) return true;
  }
}

// What an interpreter reads when it starts has to be as functions have it.
bool read_at_start(std::string_view variable) {
  for (std::string_view prefix : {"LD_", "PYTHON", "NODE_", "LC_", "LANG", "TZ=", "PATH="}) {
    if (variable.starts_with(prefix)) return true;
  }
  return false;
}

}  // namespace

sandbox::ProcessId Zygotes::of(const Choice& choice) {
  if (services_.options.zygotes == EngineOptions::Zygotes::off) return 0;
  if (choice.language == Language::custom) return 0;
  const std::lock_guard lock(mutex_);
  const auto [at, added] = by_interpreter_.try_emplace(choice.runtime.interpreter, 0);
  if (!added) return at->second;
  const std::string& interpreter = choice.runtime.interpreter;
  const bool python = choice.language == Language::python;
  const std::string folder = services_.options.runtimes_folder + (python ? "/python" : "/nodejs");
  const char* module = python ? "/_mayfly_zygote.abi3.so" : "/mayfly_zygote.node";
  std::error_code error;
  if (!std::filesystem::exists(folder + module, error)) return 0;
  if (::geteuid() == 0 && !belongs_to_root(interpreter)) return 0;
  FunctionSpec nobody;
  nobody.runtime = choice.runtime.name;
  sandbox::ZygoteSpec spec;
  if (python) {
    // -B: nothing is written beside the modules; no site-packages of the user who runs the daemon.
    spec.argv = {interpreter, "-B", "-s", folder + "/bootstrap.py", "--zygote"};
  } else {
    spec.argv = {interpreter};
    spec.argv.insert(spec.argv.end(), std::begin(kNodeTemplateFlags), std::end(kNodeTemplateFlags));
    spec.argv.push_back(folder + "/zygote.cjs");
  }
  spec.env = function_variables(nobody, {}, {});
  std::erase_if(spec.env, [](const std::string& each) { return !read_at_start(each); });
  spec.network = services_.options.network;
  at->second = services_.warden.start_zygote(std::move(spec));
  return at->second;
}

}  // namespace mayfly::engine
