#include "work/watching.h"

#include <utility>

#include "base/spawn.h"

namespace mayfly::work {
namespace {

base::Task<void> forward(base::OneShot<bool> watch, std::shared_ptr<Wake> wake,
                         base::OneShot<bool> done) {
  const bool committed = co_await watch.wait();
  done.set(true);  // first, because who is rung looks at it
  if (committed) wake->ring();
}

}  // namespace

void Watching::renew(base::OneShot<bool> watch, std::shared_ptr<Wake> wake) {
  watch_ = Watch{.committed = std::move(watch), .forwarded = {}};
  base::spawn(forward(watch_->committed, std::move(wake), watch_->forwarded));
}

base::Task<void> Watching::stop() {
  if (!watch_) co_return;
  watch_->committed.set(false);
  co_await watch_->forwarded.wait();
  watch_.reset();
}

}  // namespace mayfly::work
