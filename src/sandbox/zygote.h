// Zygote: the warden's record of a process that sandboxes are forked from.
//
// It runs trusted code only and belongs to no sandbox: it has the warden's own rights, for it makes
// sandboxes by the warden's own code (init.h). The inits that it makes are children of the warden,
// like those that the warden makes by itself. Threads: the warden's one.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "base/unique_fd.h"
#include "sandbox/init.h"
#include "sandbox/loop.h"
#include "sandbox/messages.h"

namespace mayfly::sandbox {

struct Shared;

class Zygote {
 public:
  using Born = std::function<void(std::expected<Child, std::string>)>;

  // Forks and runs it. Whatever fails, it is never ready.
  Zygote(Shared& shared, ZygoteRequest request);
  ~Zygote();  // kills it; orders that were not answered stay so
  Zygote(const Zygote&) = delete;
  Zygote& operator=(const Zygote&) = delete;

  bool ready() const { return ready_; }
  // Has it make a sandbox. `born` is called once. Where the zygote ends or does not answer, the
  // sandbox cannot be told to be there or not: its channels close, and it ends by itself.
  void order(const StartRequest& request, std::span<const int> descriptors, Born born);

 private:
  void on_reply();
  void end(const std::string& why);
  bool greet();

  Shared& shared_;
  bool ready_ = false;
  pid_t pid_ = -1;
  base::UniqueFd channel_;
  std::map<std::uint64_t, Born> waiting_;
  Loop::Handle watch_, deadline_;
};

}  // namespace mayfly::sandbox
