// Where this machine lets us make control groups.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "base/strings.h"
#include "sandbox/cgroup.h"
#include "sandbox/files.h"

namespace mayfly::sandbox {
namespace {

struct Hierarchy {
  std::string mount;        // mount point
  std::string own;          // folder of the calling process's group
  std::string controllers;  // v1: the mount's options
  bool v2 = false;
};

bool has_word(std::string_view text, std::string_view word, char separator) {
  const auto words = base::split(base::trim(text), separator);
  return std::ranges::find(words, word) != words.end();
}

// /proc/self/mountinfo: id parent major:minor root mount-point options [optional ...] - type source
// super-options
std::vector<Hierarchy> hierarchies() {
  std::vector<Hierarchy> found;
  const auto mounts = read_file("/proc/self/mountinfo");
  const auto groups = read_file("/proc/self/cgroup");
  if (!mounts || !groups) return found;
  for (std::string_view line : base::split(*mounts, '\n')) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    const auto left = base::split(line.substr(0, dash), ' ');
    const auto right = base::split(line.substr(dash + 3), ' ');
    if (left.size() < 5 || right.size() < 3) continue;
    Hierarchy hierarchy{std::string(left[4]), "", std::string(right[2]), right[0] == "cgroup2"};
    if (!hierarchy.v2 && right[0] != "cgroup") continue;
    hierarchy.own = hierarchy.mount;
    // /proc/self/cgroup: number:controllers:path
    for (std::string_view group : base::split(*groups, '\n')) {
      const std::size_t first = group.find(':');
      const std::size_t second = group.find(':', first + 1);
      if (second == std::string_view::npos) continue;
      const std::string_view names = group.substr(first + 1, second - first - 1);
      std::string_view path = group.substr(second + 1);
      const bool same = hierarchy.v2 ? names.empty()
                                     : !names.empty() && has_word(hierarchy.controllers,
                                                                  base::split(names, ',')[0], ',');
      if (!same) continue;
      if (left[3] != "/" && path.starts_with(left[3])) path.remove_prefix(left[3].size());
      struct stat info{};
      const std::string own = hierarchy.mount + (path == "/" ? "" : std::string(path));
      if (::stat(own.c_str(), &info) == 0) hierarchy.own = own;
    }
    found.push_back(std::move(hierarchy));
  }
  return found;
}

std::string folder_name() { return "mayfly-" + std::to_string(::getpid()); }

std::expected<std::string, std::string> make_folder(const std::string& above) {
  std::string folder = above + "/" + folder_name();
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
    return std::unexpected(error_text("making " + folder, errno));
  }
  return folder;
}

// Gives a folder's children its memory, pids and cpu controllers, as far as they are there.
std::expected<void, std::string> hand_down(const std::string& folder) {
  const auto there = read_file(folder + "/cgroup.controllers");
  if (!there) return std::unexpected(error_text(folder + "/cgroup.controllers", there.error()));
  const auto given = read_file(folder + "/cgroup.subtree_control");
  for (const char* controller : {"memory", "pids", "cpu"}) {
    if (!has_word(*there, controller, ' ')) continue;
    if (given && has_word(*given, controller, ' ')) continue;
    const std::string file = folder + "/cgroup.subtree_control";
    if (auto done = write_file(file, std::string("+") + controller); !done) {
      return std::unexpected(
          error_text("enabling " + std::string(controller) + " in " + file, done.error()));
    }
  }
  return {};
}

// v2 allows no processes in a group that hands controllers down (the real root excepted). Where
// only the daemon and this warden are in our own group (a service with Delegate=yes), they move
// into a leaf of it.
void make_room(const std::string& own, pid_t daemon) {
  const auto text = read_file(own + "/cgroup.procs");
  if (!text) return;
  for (std::string_view line : base::split(*text, '\n')) {
    const auto pid = base::parse_int(line);
    if (pid && *pid != daemon && *pid != ::getpid()) return;
  }
  const std::string leaf = own + "/mayfly-daemon";
  if (::mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST) return;
  (void)write_file(leaf + "/cgroup.procs", std::to_string(daemon));
  (void)write_file(leaf + "/cgroup.procs", std::to_string(::getpid()));
}

std::expected<std::string, std::string> prepare_v2(const Hierarchy& hierarchy, pid_t daemon) {
  std::string problem;
  std::vector<std::string> places{hierarchy.own};
  if (hierarchy.own != hierarchy.mount) places.push_back(hierarchy.mount);
  for (const std::string& place : places) {
    if (place == hierarchy.own && place != hierarchy.mount) make_room(place, daemon);
    auto ready = hand_down(place);
    auto folder = ready ? make_folder(place) : std::unexpected(ready.error());
    if (folder) ready = hand_down(*folder);
    if (folder && ready) return *folder;
    problem = folder ? ready.error() : folder.error();
  }
  return std::unexpected(
      problem + " (start Mayfly in a group of its own: systemd-run --scope -p Delegate=yes ...)");
}

}  // namespace

Cgroups Cgroups::detect(pid_t daemon) {
  CgroupLayout layout;
  std::vector<std::string> problems;
  const auto found = hierarchies();
  for (const Hierarchy& hierarchy : found) {
    if (!hierarchy.v2) continue;
    auto folder = prepare_v2(hierarchy, daemon);
    if (!folder) {
      problems.push_back(folder.error());
      continue;
    }
    const auto there = read_file(*folder + "/cgroup.controllers").value_or("");
    if (has_word(there, "memory", ' ')) layout.memory = {*folder, true};
    if (has_word(there, "pids", ' ')) layout.pids = {*folder, true};
    if (has_word(there, "cpu", ' ')) layout.cpu = {*folder, true};
    // cpu.stat counts in every group but the root, with the cpu controller or without (Linux 4.15).
    layout.usage = {*folder, true};
    layout.kill_folder = *folder;
    break;
  }
  for (const Hierarchy& hierarchy : found) {
    if (hierarchy.v2) continue;
    auto use = [&](const char* controller, CgroupLayout::Controller& slot) {
      if (!slot.folder.empty() || !has_word(hierarchy.controllers, controller, ',')) return;
      auto folder = make_folder(hierarchy.own);
      if (!folder && hierarchy.own != hierarchy.mount) folder = make_folder(hierarchy.mount);
      if (folder) {
        slot = {*folder, false};
      } else {
        problems.push_back(folder.error());
      }
    };
    use("memory", layout.memory);
    use("pids", layout.pids);
    use("cpu", layout.cpu);
    use("cpuacct", layout.usage);
  }
  return Cgroups{std::move(layout), std::move(problems)};
}

}  // namespace mayfly::sandbox
