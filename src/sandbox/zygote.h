// Zygote: the warden's record of a process that blank sandboxes (blank.h) are forked from. One such
// is kept ahead.
//
// It runs trusted code only and belongs to no sandbox: it has the warden's own rights, for it makes
// sandboxes by the warden's own code (init.h). The inits that it makes are children of the warden,
// like those that the warden makes by itself. What is a function's it never sees. Threads: the
// warden's one.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "sandbox/init.h"
#include "sandbox/loop.h"
#include "sandbox/messages.h"

namespace mayfly::sandbox {

struct Shared;

class Zygote {
 public:
  // A sandbox's init, and the warden's end of its channel.
  struct Init {
    Child child;
    base::UniqueFd channel;
  };
  using Born = std::function<void(std::expected<Init, std::string>)>;

  // Forks and runs it. Whatever fails, it is never ready.
  Zygote(Shared& shared, ZygoteRequest request);
  ~Zygote();  // kills it; orders that were not answered stay so
  Zygote(const Zygote&) = delete;
  Zygote& operator=(const Zygote&) = delete;

  bool ready() const { return ready_; }
  // Makes the sandbox that was made ahead, or else a new one, that of a function. `descriptors`:
  // as OrderDescriptor. `born` is called once, possibly at once. Where the zygote ends or does not
  // answer, the sandbox cannot be told to be there or not: its channels close, and it ends by
  // itself.
  void order(const StartRequest& request, std::span<const int> descriptors, Born born);

 private:
  // A sandbox for which there is no function yet. `child` comes with the zygote's reply.
  struct Blank {
    std::uint64_t number = 0;
    Network network = Network::host;
    base::UniqueFd channel;
    std::optional<Child> child;
    Loop::Handle end;
  };
  struct Waiting {
    base::UniqueFd channel;
    Born born;
  };

  std::expected<Blank, std::string> make(Network network);
  std::expected<Blank, std::string> take(Network network, std::string_view order,
                                         std::span<const int> descriptors);
  void make_ahead();
  void drop_ahead();
  void on_reply();
  void end(const std::string& why);
  bool greet();

  Shared& shared_;
  bool ready_ = false;
  pid_t pid_ = -1;
  base::UniqueFd channel_;
  Network network_;  // of what is made ahead
  std::uint64_t next_number_ = 1;
  std::optional<Blank> ahead_;
  std::map<std::uint64_t, Waiting> waiting_;
  Loop::Handle watch_, deadline_, refill_;
};

}  // namespace mayfly::sandbox
