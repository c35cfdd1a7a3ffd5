// Branches: copies of all state, each served by a daemon of its own until it is thrown away. For
// tests.
//
// create() copies the installation (copy.h) into <data>/branches/<name> and starts this very
// program on it, on a port that the kernel chooses. A branch is a child in every sense: it ends
// when it is deleted, when the parent ends, and when the parent is killed (it holds one end of a
// socket whose other end dies with the parent, see parent.h); its data goes with it. So a restart
// begins without branches. Changes on either side are never seen on the other: the store's files
// are never changed in place, only shared.
// Threads: any; the work runs on a thread of its own, one branch after the other.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/unique_fd.h"
#include "base/worker.h"
#include "store/checkpoint.h"
#include "wire/error.h"

namespace mayfly::admin {

struct Branch {
  std::string name;
  std::string endpoint;
  base::WallTime created;
  std::chrono::microseconds copied{};  // how long the copy took
  std::chrono::microseconds ready{};   // and until it answered, the copy included
  bool alive = true;                   // false: it ended by itself
};

struct BranchOptions {
  std::filesystem::path data_folder;   // of the parent
  std::string program;                 // what is started, usually /proc/self/exe
  std::vector<std::string> arguments;  // of the parent's `serve`, but for where it listens and
                                       // where its data is
  std::string address;                 // where branches listen
};

class Branches {
 public:
  // All outlive it. What an earlier process left is removed.
  Branches(store::Checkpointable& store, BranchOptions options, const base::Clock& clock,
           base::Ids& ids);
  ~Branches();  // ends and removes them all

  // An empty name: one is chosen.
  base::Task<wire::Result<Branch>> create(std::string name);
  base::Task<std::vector<Branch>> list();
  base::Task<wire::Result<void>> remove(std::string name);

 private:
  struct Child {
    Branch branch;
    pid_t pid = 0;
    base::UniqueFd life;
  };
  wire::Result<Branch> create_now(std::string name);
  wire::Result<void> start(Child& child);
  void end(Child& child);
  std::filesystem::path folder_of(const std::string& name) const { return folder_ / name; }

  store::Checkpointable& store_;
  const BranchOptions options_;
  const std::filesystem::path folder_;
  const base::Clock& clock_;
  base::Ids& ids_;
  std::map<std::string, Child> children_;  // the worker's
  base::Worker worker_;
};

}  // namespace mayfly::admin
