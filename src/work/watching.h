// Watching: a watch of the store that rings a Wake, renewed when it has rung. Of one coroutine.
#pragma once

#include <memory>
#include <optional>

#include "base/one_shot.h"
#include "base/task.h"
#include "work/wake.h"

namespace mayfly::work {

class Watching {
 public:
  // Whether the last watch still listens; if not, what is committed before the next renew() is
  // missed, so the caller renews before it looks.
  bool listening() const { return watch_ && !watch_->forwarded.is_set(); }
  void renew(base::OneShot<bool> watch, std::shared_ptr<Wake> wake);
  // Nothing is resumed later, when the executor may be gone.
  base::Task<void> stop();

 private:
  struct Watch {
    base::OneShot<bool> committed;
    base::OneShot<bool> forwarded;
  };
  std::optional<Watch> watch_;
};

}  // namespace mayfly::work
