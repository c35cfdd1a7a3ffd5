// A blank sandbox: one that a zygote makes ahead, before it is known for which function.
//
// Its init has furnished it with all that is the same for every function. The function's process is
// there too: a fork of the zygote, in the sandbox's namespaces, which still has all the rights of
// the process it was forked from. It runs trusted code only, and does what is costly in a fork (the
// first touch of each page) before it waits. Then the order comes: init adds what is the function's
// own, both give up their power as in every sandbox, and the process goes on in its program.
//
// Runs in forks of a zygote. Threads: one. Why: docs/decisions/0022.
#pragma once

#include <vector>

#include "base/unique_fd.h"
#include "sandbox/init.h"

namespace mayfly::sandbox {

struct BlankPlan {
  const HostSide& host;
  const SeccompFilters& filters;
  Network network = Network::host;
  // init's own. The first packet is the order: an encoded StartRequest, with descriptors as in
  // OrderDescriptor.
  int channel = -1;
  // Numbers above 4. Where its libraries have /dev/urandom open, and go on to read it: they get the
  // sandbox's own.
  std::vector<int> random_sources = {};
  // Where its event loops have descriptors of the zygote's: they get /dev/null in their place, so
  // that nothing else takes the numbers until the loops are made anew. What the C library's fork
  // handlers open stays open.
  std::vector<int> placeholders = {};
};

enum class OrderDescriptor { setup, control, output, clones, count };

// In the fork that is to be the sandbox's init, in its namespaces. Returns in the function's
// process only: its connection to init, for what follows.
base::UniqueFd run_blank_init(const BlankPlan& plan);

bool order_is_there(const base::UniqueFd& init);

// Waits for the order, and returns it in what is then the function's process: in its sandbox,
// confined, with descriptors 0 to 4 as a guest finds them. What the program has opened since it was
// forked stays open. Where there will be no order any more, the process ends.
SandboxSpec take_order(const BlankPlan& plan, base::UniqueFd init);

}  // namespace mayfly::sandbox
