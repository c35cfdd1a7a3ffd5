#include "engine/launch/runtimes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <filesystem>

#include "base/strings.h"
#include "base/unique_fd.h"

extern char** environ;

namespace mayfly::engine {
namespace {

namespace fs = std::filesystem;

// "3.11" or "3.11.7" -> numbers; nullopt for anything else.
std::optional<std::vector<int>> numbers(std::string_view text) {
  std::vector<int> out;
  for (std::string_view part : base::split(text, '.')) {
    const auto number = base::parse_int(part);
    if (!number || *number < 0 || *number > 10'000) return std::nullopt;
    out.push_back(static_cast<int>(*number));
  }
  return out;
}

bool runnable(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

// "3.12.4" of "cpython-3.12.4-linux-x86_64-gnu", "20.19.1" of "v20.19.1".
std::string version_of(std::string_view name) {
  if (name.starts_with("cpython-")) {
    name.remove_prefix(8);
    name = name.substr(0, name.find('-'));
  } else if (name.starts_with('v')) {
    name.remove_prefix(1);
  }
  return std::string(name);
}

// Another name of a version beside it, which is found by its own.
bool is_alias(const fs::path& path) {
  std::error_code error;
  if (!fs::is_symlink(path, error)) return false;
  return fs::canonical(path, error).parent_path() == fs::canonical(path.parent_path(), error);
}

std::vector<fs::path> children(const std::string& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    out.push_back(it->path());
  std::sort(out.begin(), out.end());
  return out;
}

// First line of what `program --version` prints, waiting at most two seconds for it.
std::string ask(const std::string& program) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  base::UniqueFd reading(ends[0]), writing(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, writing.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, writing.get(), 2);
  std::string name = program, flag = "--version";
  std::array<char*, 3> argv{name.data(), flag.data(), nullptr};
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return {};
  writing.reset();
  std::string text;
  pollfd wait{reading.get(), POLLIN, 0};
  while (text.size() < 256 && ::poll(&wait, 1, 2'000) > 0) {
    std::array<char, 128> step{};
    const ssize_t got = ::read(reading.get(), step.data(), step.size());
    if (got <= 0) break;
    text.append(step.data(), static_cast<std::size_t>(got));
  }
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  return text.substr(0, text.find('\n'));
}

}  // namespace

SearchFolders SearchFolders::of_this_user() {
  SearchFolders folders;
  // Below the folder that the variable names, else below its place in the home folder.
  const char* home = std::getenv("HOME");
  const auto add = [home](std::vector<std::string>& to, const char* variable, const char* usual,
                          const char* versions) {
    const char* root = variable != nullptr ? std::getenv(variable) : nullptr;
    if (root != nullptr && *root != '\0') {
      to.push_back(std::string(root) + versions);
    } else if (home != nullptr && *home != '\0') {
      to.push_back(std::string(home) + usual + versions);
    }
  };
  auto& python = folders.python_versions;
  add(python, "PYENV_ROOT", "/.pyenv", "/versions");
  add(python, "ASDF_DATA_DIR", "/.asdf", "/installs/python");
  add(python, "MISE_DATA_DIR", "/.local/share/mise", "/installs/python");
  add(python, "UV_PYTHON_INSTALL_DIR", "/.local/share/uv/python", "");
  auto& node = folders.node_versions;
  add(node, "NVM_DIR", "/.nvm", "/versions/node");
  add(node, "FNM_DIR", "/.local/share/fnm", "/node-versions");
  add(node, "VOLTA_HOME", "/.volta", "/tools/image/node");
  add(node, "ASDF_DATA_DIR", "/.asdf", "/installs/nodejs");
  add(node, "MISE_DATA_DIR", "/.local/share/mise", "/installs/node");
  add(node, "N_PREFIX", "/n", "/n/versions/node");
  node.emplace_back("/usr/local/n/versions/node");
  return folders;
}

Runtimes::Runtimes(SearchFolders folders, std::vector<PackPointer> packs, RuntimeVersions versions)
    : packs_(std::move(packs)), versions_(versions) {
  find_python(folders);
  find_node(folders);
  asking_ = std::thread([this] { ask_versions(); });
}

Runtimes::~Runtimes() { wait(); }

void Runtimes::wait() const {
  std::lock_guard lock(joining_);
  if (asking_.joinable()) asking_.join();
}

// The system's interpreters come first: they have the distribution's boto3, and /usr is visible in
// every sandbox.
void Runtimes::find_python(const SearchFolders& folders) {
  for (const std::string& folder : folders.binaries) {
    for (const fs::path& path : children(folder)) {
      const std::string name = path.filename().string();
      if (!name.starts_with("python3.") || !runnable(path)) continue;
      const auto version = numbers(name.substr(6));
      if (!version || version->size() != 2 || (*version)[1] < 8) continue;
      found_.push_back({Language::python, 3, (*version)[1], {name, path.string(), {}}, {}});
    }
  }
  for (const std::string& folder : folders.python_versions) {
    for (const fs::path& path : children(folder)) {
      const std::string text = version_of(path.filename().string());
      const auto version = numbers(text);
      if (!version || version->size() != 3 || (*version)[0] != 3 || (*version)[1] < 8) continue;
      const std::string name = fmt::format("python3.{}", (*version)[1]);
      const fs::path program = path / "bin" / name;
      if (is_alias(path) || !runnable(program)) continue;
      found_.push_back(
          {Language::python, 3, (*version)[1], {name, program.string(), text}, path.string()});
    }
  }
}

void Runtimes::find_node(const SearchFolders& folders) {
  for (const std::string& folder : folders.binaries) {
    const fs::path path = fs::path(folder) / "node";
    // Its version is not in its name: 0 until the program was asked.
    if (runnable(path))
      found_.push_back({Language::node, 0, -1, {"nodejs", path.string(), {}}, {}});
  }
  for (const std::string& folder : folders.node_versions) {
    for (const fs::path& path : children(folder)) {
      const std::string text = version_of(path.filename().string());
      const auto version = numbers(text);
      if (!version || version->size() != 3 || is_alias(path)) continue;
      fs::path program = path / "bin" / "node";
      if (!runnable(program)) program = path / "installation" / "bin" / "node";  // fnm
      if (!runnable(program)) continue;
      found_.push_back({Language::node,
                        (*version)[0],
                        -1,
                        {fmt::format("nodejs{}.x", (*version)[0]), program.string(), text},
                        path.string()});
    }
  }
}

void Runtimes::ask_versions() {
  for (std::size_t i = 0; i < found_.size(); ++i) {  // the vector itself changes no more
    std::string program;
    {
      std::lock_guard lock(mutex_);
      if (!found_[i].info.version.empty()) continue;
      program = found_[i].info.interpreter;
    }
    const std::string said = ask(program);  // "Python 3.11.2", "v20.20.2"
    const std::size_t digit = said.find_first_of("0123456789");
    const std::string text = digit == std::string::npos
                                 ? std::string{}
                                 : said.substr(digit, said.find(' ', digit) - digit);
    const auto version = numbers(text);
    std::lock_guard lock(mutex_);
    if (!version || version->empty()) continue;
    found_[i].info.version = text;
    if (found_[i].language == Language::node) {
      found_[i].major = (*version)[0];
      found_[i].info.name = fmt::format("nodejs{}.x", found_[i].major);
    }
  }
}

std::vector<Runtimes::Found> Runtimes::copy() const {
  std::lock_guard lock(mutex_);
  return found_;
}

std::vector<RuntimeInfo> Runtimes::all() const {
  wait();
  std::vector<RuntimeInfo> out;
  // A pack's names come first: it may replace what is built in.
  for (const PackPointer& pack : packs_) {
    const std::string missing = pack->missing();
    for (const std::string& name : pack->runtimes) {
      out.push_back(
          {name, pack->command.front(),
           missing.empty() ? "runtime pack " + pack->folder : "runtime pack, lacks " + missing,
           missing});
    }
  }
  for (const Found& found : copy()) out.push_back(found.info);
  return out;
}

std::vector<std::string> Runtimes::pack_names() const {
  std::vector<std::string> out;
  for (const PackPointer& pack : packs_)
    out.insert(out.end(), pack->runtimes.begin(), pack->runtimes.end());
  return out;
}

std::expected<Choice, std::string> Runtimes::choose(std::string_view runtime) const {
  for (const PackPointer& pack : packs_) {
    if (std::ranges::find(pack->runtimes, runtime) == pack->runtimes.end()) continue;
    if (const std::string missing = pack->missing(); !missing.empty()) {
      return std::unexpected(fmt::format(
          "runtime {} needs {}, which its runtime pack lacks (see docs/runtime-packs.md)", runtime,
          missing));
    }
    return Choice{Language::custom, {std::string(runtime), {}, {}}, pack->binds, pack, {}};
  }
  if (runtime == "provided" || runtime.starts_with("provided.")) {
    return Choice{Language::custom, {std::string(runtime), {}, {}}, {}, nullptr, {}};
  }
  Language language = Language::python;
  int wanted = 0;
  if (runtime.starts_with("python3.")) {
    const auto version = numbers(runtime.substr(6));
    if (!version || version->size() != 2)
      return std::unexpected(fmt::format("runtime {} is not supported", runtime));
    wanted = (*version)[1];
  } else if (runtime.starts_with("nodejs") && runtime.ends_with(".x")) {
    const auto version = base::parse_int(runtime.substr(6, runtime.size() - 8));
    if (!version) return std::unexpected(fmt::format("runtime {} is not supported", runtime));
    language = Language::node;
    wanted = static_cast<int>(*version);
  } else {
    return std::unexpected(fmt::format("runtime {} is not supported", runtime));
  }
  wait();
  const std::vector<Found> found = copy();
  const Found* best = nullptr;
  int best_distance = INT_MAX;
  for (const Found& one : found) {
    if (one.language != language) continue;
    const int has = language == Language::python ? one.minor : one.major;
    // Newer rather than older where both are as far away.
    const int distance = 2 * std::abs(has - wanted) - (has > wanted ? 1 : 0);
    if (distance < best_distance) {
      best = &one;
      best_distance = distance;
    }
  }
  if (best == nullptr) {
    return std::unexpected(
        fmt::format("runtime {} needs {}, and none was found on this machine", runtime,
                    language == Language::python ? "Python 3.8 or newer" : "Node.js"));
  }
  if (best_distance != 0 && versions_ == RuntimeVersions::exact) {
    return std::unexpected(
        fmt::format("runtime {} is not installed on this machine; the nearest is {} ({})", runtime,
                    best->info.name, best->info.interpreter));
  }
  Choice choice{language, best->info, {}, nullptr, {}};
  if (!best->prefix.empty()) choice.binds.push_back({best->prefix, best->prefix});
  if (best_distance != 0) {
    choice.note = fmt::format("{} is not installed; running on {} ({})", runtime, best->info.name,
                              best->info.interpreter);
  }
  return choice;
}

}  // namespace mayfly::engine
