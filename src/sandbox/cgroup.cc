#include "sandbox/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>

#include "base/strings.h"
#include "sandbox/files.h"

namespace mayfly::sandbox {
namespace {

// A long period lets a short event run at full speed even with a small share; with AWS's 20 ms a
// 128 MB function would stall after 1.4 ms of work. The average is the same.
constexpr std::int64_t kPeriodUs = 100'000;

std::int64_t number_in(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The number after `key` in a file of "key value" lines.
std::int64_t field_of(std::string_view text, std::string_view key) {
  for (std::string_view line : base::split(text, '\n')) {
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ' ') {
      return number_in(line.substr(key.size() + 1));
    }
  }
  return 0;
}

std::optional<std::string_view> read_at_start(base::UniqueFd& fd, const std::string& path,
                                              std::span<char> into) {
  if (path.empty()) return std::nullopt;
  if (!fd) fd.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  const ssize_t got = ::pread(fd.get(), into.data(), into.size(), 0);
  if (got <= 0) return std::nullopt;
  return std::string_view(into.data(), static_cast<std::size_t>(got));
}

std::vector<pid_t> processes_in(const std::string& folder) {
  std::vector<pid_t> pids;
  auto text = read_file(folder + "/cgroup.procs");
  if (!text) return pids;
  for (std::string_view line : base::split(*text, '\n')) {
    if (const auto pid = number_in(line); pid > 0) pids.push_back(static_cast<pid_t>(pid));
  }
  return pids;
}

// Kills what is in one group without cgroup.kill. A pidfd is taken first and membership read again,
// so that a pid that was reused in between is not hit.
void kill_each(const std::string& folder) {
  for (int round = 0; round < 8; ++round) {
    std::vector<std::pair<pid_t, base::UniqueFd>> held;
    for (pid_t pid : processes_in(folder)) {
      held.emplace_back(pid, static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    }
    if (held.empty()) return;
    const std::vector<pid_t> still = processes_in(folder);
    for (const auto& [pid, fd] : held) {
      if (fd && std::ranges::find(still, pid) != still.end()) {
        ::syscall(SYS_pidfd_send_signal, fd.get(), SIGKILL, nullptr, 0);
      }
    }
  }
}

std::expected<void, std::string> put(const std::string& file, const std::string& text) {
  if (auto done = write_file(file, text); !done) {
    return std::unexpected(error_text("writing \"" + text + "\" to " + file, done.error()));
  }
  return {};
}

}  // namespace

std::optional<Usage> UsageReader::read() {
  std::array<char, 1024> text{};
  Usage usage;
  bool any = false;
  if (auto now = read_at_start(now_, files_.memory_now, text)) {
    usage.memory_bytes = number_in(*now) + files_.shared_bytes;
    any = true;
  }
  if (auto peak = read_at_start(peak_, files_.memory_peak, text)) {
    usage.peak_memory_bytes = number_in(*peak) + files_.shared_bytes;
  }
  // memory.peak came with Linux 5.19.
  usage.peak_memory_bytes = std::max(usage.peak_memory_bytes, usage.memory_bytes);
  if (auto cpu = read_at_start(cpu_, files_.cpu, text)) {
    usage.cpu_us =
        files_.cpu.ends_with("cpu.stat") ? field_of(*cpu, "usage_usec") : number_in(*cpu) / 1000;
    any = true;
  }
  if (!any) return std::nullopt;
  return usage;
}

std::vector<std::string> CgroupLayout::folders() const {
  std::vector<std::string> all;
  for (const std::string* folder :
       {&memory.folder, &pids.folder, &cpu.folder, &usage.folder, &kill_folder}) {
    if (!folder->empty() && std::ranges::find(all, *folder) == all.end()) all.push_back(*folder);
  }
  return all;
}

std::expected<void, std::string> Group::set_limits(const Limits& limits) const {
  const CgroupLayout& layout = owner_->layout();
  const auto [memory, pids, cpu] = std::tie(layout.memory, layout.pids, layout.cpu);
  if (!memory.folder.empty()) {
    const std::string at = memory.folder + "/" + name_ + "/memory.";
    const std::string bytes = std::to_string(limits.memory_bytes);
    if (memory.v2) {
      if (auto done = put(at + "max", bytes); !done) return done;
      // A function that is out of memory ends as a whole. Both files are optional (no swap, old
      // kernel).
      (void)write_file(at + "oom.group", "1");
      (void)write_file(at + "swap.max", "0");
    } else {
      // memory+swap may never be below memory: lift it, set memory, then set it to the same.
      (void)write_file(at + "memsw.limit_in_bytes", "-1");
      if (auto done = put(at + "limit_in_bytes", bytes); !done) return done;
      (void)write_file(at + "memsw.limit_in_bytes", bytes);
    }
  }
  if (!pids.folder.empty()) {
    if (auto done = put(pids.folder + "/" + name_ + "/pids.max", std::to_string(limits.pids));
        !done) {
      return done;
    }
  }
  return set_cpus(limits.cpus);
}

std::expected<void, std::string> Group::set_cpus(double cpus) const {
  const CgroupLayout::Controller& cpu = owner_->layout().cpu;
  if (cpu.folder.empty()) return {};
  const std::string at = cpu.folder + "/" + name_ + "/cpu.";
  const auto quota = std::max<std::int64_t>(
      1000, static_cast<std::int64_t>(cpus * static_cast<double>(kPeriodUs)));
  // Unused time of the period before may be used up in this one, which helps short events.
  // Linux 5.14.
  if (cpu.v2) {
    (void)write_file(at + "max.burst", "0");
    if (auto done = put(at + "max", std::to_string(quota) + " " + std::to_string(kPeriodUs));
        !done) {
      return done;
    }
    (void)write_file(at + "max.burst", std::to_string(quota));
  } else {
    (void)write_file(at + "cfs_burst_us", "0");
    (void)write_file(at + "cfs_period_us", std::to_string(kPeriodUs));
    if (auto done = put(at + "cfs_quota_us", std::to_string(quota)); !done) return done;
    (void)write_file(at + "cfs_burst_us", std::to_string(quota));
  }
  return {};
}

std::expected<void, std::string> Group::add(pid_t pid) const {
  for (const std::string& folder : owner_->layout().folders()) {
    if (auto done = put(folder + "/" + name_ + "/cgroup.procs", std::to_string(pid)); !done) {
      return done;
    }
  }
  return {};
}

UsageFiles Group::usage_files(std::int64_t shared_bytes) const {
  const CgroupLayout& layout = owner_->layout();
  UsageFiles files;
  files.shared_bytes = shared_bytes;
  if (!layout.memory.folder.empty()) {
    const std::string at = layout.memory.folder + "/" + name_ + "/memory.";
    files.memory_now = at + (layout.memory.v2 ? "current" : "usage_in_bytes");
    files.memory_peak = at + (layout.memory.v2 ? "peak" : "max_usage_in_bytes");
  }
  if (!layout.usage.folder.empty()) {
    files.cpu =
        layout.usage.folder + "/" + name_ + (layout.usage.v2 ? "/cpu.stat" : "/cpuacct.usage");
  }
  return files;
}

std::int64_t Group::out_of_memory_kills() const {
  const auto& memory = owner_->layout().memory;
  if (memory.folder.empty()) return 0;
  auto text = read_file(memory.folder + "/" + name_ +
                        (memory.v2 ? "/memory.events" : "/memory.oom_control"));
  return text ? field_of(*text, "oom_kill") : 0;
}

std::int64_t Group::anonymous_bytes() const {
  const auto& memory = owner_->layout().memory;
  if (memory.folder.empty()) return 0;
  auto text = read_file(memory.folder + "/" + name_ + "/memory.stat");
  return text ? field_of(*text, memory.v2 ? "anon" : "rss") : 0;
}

void Group::kill_all() const {
  const CgroupLayout& layout = owner_->layout();
  if (!layout.kill_folder.empty() &&
      write_file(layout.kill_folder + "/" + name_ + "/cgroup.kill", "1")) {
    return;
  }
  // Nothing may be born while the list is worked off.
  if (!layout.pids.folder.empty()) {
    (void)write_file(layout.pids.folder + "/" + name_ + "/pids.max", "0");
  }
  const auto folders = layout.folders();
  if (!folders.empty()) kill_each(folders.front() + "/" + name_);
}

bool Group::empty() const {
  return std::ranges::all_of(owner_->layout().folders(), [this](const std::string& folder) {
    return processes_in(folder + "/" + name_).empty();
  });
}

bool Group::remove() const {
  bool gone = true;
  for (const std::string& folder : owner_->layout().folders()) {
    if (::rmdir((folder + "/" + name_).c_str()) != 0 && errno != ENOENT) gone = false;
  }
  return gone;
}

Cgroups::Cgroups(CgroupLayout layout, std::vector<std::string> problems)
    : layout_(std::move(layout)), problems_(std::move(problems)) {}

std::expected<Group, std::string> Cgroups::make(const std::string& name,
                                                const Limits& limits) const {
  Group group{this, name};
  for (const std::string& folder : layout_.folders()) {
    const std::string path = folder + "/" + name;
    if (::mkdir(path.c_str(), 0755) != 0) {
      const int error = errno;
      group.remove();
      return std::unexpected(error_text("making the control group " + path, error));
    }
  }
  if (auto done = group.set_limits(limits); !done) {
    group.remove();
    return std::unexpected(done.error());
  }
  return group;
}

std::vector<Feature> Cgroups::report() const {
  std::string why;
  for (const std::string& problem : problems_) why += (why.empty() ? "" : "; ") + problem;
  if (why.empty()) why = "the controller is not mounted, in cgroup v1 or v2";
  auto feature = [&why](const char* name, const CgroupLayout::Controller& controller) {
    if (controller.folder.empty()) return Feature{name, false, why};
    return Feature{name, true, controller.v2 ? "cgroup v2" : "cgroup v1"};
  };
  return {feature("memory limit", layout_.memory), feature("process limit", layout_.pids),
          feature("cpu limit", layout_.cpu), feature("usage accounting", layout_.usage)};
}

base::UniqueFd Cgroups::favor_moves() {
  // A hierarchy of its own, without controllers, that is mounted nowhere: the flag is one of a
  // hierarchy, but what it speeds up is common to all of them, v1 and v2.
  base::UniqueFd context{static_cast<int>(::syscall(SYS_fsopen, "cgroup", FSOPEN_CLOEXEC))};
  const auto set = [&](unsigned command, const char* key, const char* value) {
    return ::syscall(SYS_fsconfig, context.get(), command, key, value, 0) == 0;
  };
  if (!context || !set(FSCONFIG_SET_FLAG, "none", nullptr) ||
      !set(FSCONFIG_SET_STRING, "name", "mayfly") ||
      !set(FSCONFIG_SET_FLAG, "favordynmods", nullptr) ||
      !set(FSCONFIG_CMD_CREATE, nullptr, nullptr)) {
    return {};
  }
  return base::UniqueFd{
      static_cast<int>(::syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, 0))};
}

bool Cgroups::remove_tree(const std::string& folder) {
  struct Close {
    void operator()(DIR* dir) const { ::closedir(dir); }
  };
  std::unique_ptr<DIR, Close> dir{::opendir(folder.c_str())};
  if (!dir) return errno == ENOENT;
  (void)write_file(folder + "/cgroup.kill", "1");
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string name = entry->d_name;
    if (entry->d_type != DT_DIR || name == "." || name == "..") continue;
    const std::string path = folder + "/" + name;
    (void)write_file(path + "/pids.max", "0");
    kill_each(path);
    ::rmdir(path.c_str());
  }
  return ::rmdir(folder.c_str()) == 0;
}

}  // namespace mayfly::sandbox
