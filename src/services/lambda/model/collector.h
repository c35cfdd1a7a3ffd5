// Collector: removes code packages that no version uses any more.
//
// Every change that drops a version's code asks for a look some time later, when no event that
// still runs on the old code can be left; at start packages that a crash left between the file and
// the commit go too. Threads: any.
#pragma once

#include "services/lambda/keys.h"
#include "services/lambda/model/code_store.h"
#include "store/store.h"
#include "wire/error.h"
#include "work/queue.h"

namespace mayfly::lambda {

class Collector {
 public:
  Collector(store::Store& store, const base::Clock& clock, CodeStore& code)
      : store_(store), clock_(clock), code_(code) {}

  // In the transaction that drops the use. `timeout` is that of the version that used it.
  void ask(store::Transaction& transaction, const std::string& sha256,
           std::chrono::seconds timeout);
  // In the transaction that writes, changes or erases a version (null: it is not there): who uses
  // which packages, and ask() for those that it uses no more.
  void track(store::Transaction& transaction, const VersionId& id, const VersionRow* before,
             const VersionRow* after);
  // Before queue.start().
  void attach(work::WorkQueue& queue);
  // At start, before requests are served.
  base::Task<wire::Result<void>> sweep();

  // Removes a package now. False where it is in use, pinned, or just put again.
  base::Task<wire::Result<bool>> collect(std::string sha256);

 private:
  store::Store& store_;
  const base::Clock& clock_;
  CodeStore& code_;
};

}  // namespace mayfly::lambda
