// Cgroups: limits and accounting, on cgroup v2, v1, or a mixture of both, whichever this machine
// has.
//
// All groups are made in one parent folder a warden ("mayfly-<pid>") in each hierarchy in use,
// below the daemon's own group where possible, so that limits set on the daemon hold for its
// functions too. Hierarchies in use: the v2 one with its controllers; where v2 lacks a controller,
// v1's memory, pids, cpu. A v2 hierarchy without controllers still serves for cpu.stat and
// cgroup.kill.
//
// Failure: a missing controller is a Feature with in_force=false; creating a group fails only where
// a controller that was found refuses. Threads: one (the warden's). UsageReader: one at a time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "sandbox/messages.h"
#include "sandbox/warden.h"

namespace mayfly::sandbox {

// Reads a group's usage from open files; the first read opens them.
class UsageReader {
 public:
  explicit UsageReader(UsageFiles files) : files_(std::move(files)) {}
  // nullopt where there are no such files, or no longer.
  std::optional<Usage> read();

 private:
  UsageFiles files_;
  base::UniqueFd now_, peak_, cpu_;
};

class Cgroups;

// A group that limits one sandboxed process and its descendants. Removed by remove(), not by the
// destructor.
class Group {
 public:
  std::expected<void, std::string> set_limits(const Limits& limits) const;
  std::expected<void, std::string> set_cpus(double cpus) const;
  // Moves a process (all its threads) into the group.
  std::expected<void, std::string> add(pid_t pid) const;
  UsageFiles usage_files(std::int64_t shared_bytes) const;
  // Processes of the group that the kernel killed for its memory limit, so far.
  std::int64_t out_of_memory_kills() const;
  // Anonymous memory in use: what a clone starts with besides its own.
  std::int64_t anonymous_bytes() const;
  void kill_all() const;
  bool empty() const;
  // False while something still runs in it.
  bool remove() const;
  const std::string& name() const { return name_; }

 private:
  friend class Cgroups;
  Group(const Cgroups* owner, std::string name) : owner_(owner), name_(std::move(name)) {}
  const Cgroups* owner_;
  std::string name_;
};

// Where groups are made: one folder a controller; empty where the controller is not there. Folders
// may coincide (v2).
struct CgroupLayout {
  struct Controller {
    std::string folder;
    bool v2 = false;
  };
  Controller memory, pids, cpu;
  Controller usage;                          // cpu.stat (v2) or cpuacct.usage (v1)
  std::string kill_folder;                   // a v2 hierarchy, for cgroup.kill; may be empty
  std::vector<std::string> folders() const;  // each once
};

class Cgroups {
 public:
  // Finds the hierarchies and makes the parent folders. `daemon` may be moved into a leaf group of
  // its own, where v2's rule against processes in inner groups demands it.
  static Cgroups detect(pid_t daemon);
  explicit Cgroups(CgroupLayout layout, std::vector<std::string> problems = {});

  std::expected<Group, std::string> make(const std::string& name, const Limits& limits) const;
  // A group that is there already.
  Group existing(const std::string& name) const { return {this, name}; }
  std::vector<Feature> report() const;
  const CgroupLayout& layout() const { return layout_; }
  bool any() const { return !layout_.folders().empty(); }
  // Has the kernel move processes at once, without an RCU grace period of 10 to 20 ms for each:
  // what `favordynmods` asks for, of the whole machine (docs/decisions/0012). In force while the
  // descriptor is open, and from Linux 6.18 on until the machine restarts; nothing where this user
  // or this kernel (before 6.0) cannot.
  static base::UniqueFd favor_moves();
  // Kills what runs below `folder`, and removes it with its groups. True where it is gone.
  static bool remove_tree(const std::string& folder);

 private:
  CgroupLayout layout_;
  std::vector<std::string> problems_;
};

}  // namespace mayfly::sandbox
