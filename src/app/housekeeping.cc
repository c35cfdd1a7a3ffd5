#include "app/housekeeping.h"

#include "base/log.h"
#include "base/spawn.h"
#include "services/cloudwatch/expire.h"
#include "services/logs/expire.h"

namespace mayfly::app {
namespace {
constexpr std::chrono::seconds kFirst{60};
constexpr std::chrono::hours kEvery{1};
}  // namespace

Housekeeping::Housekeeping(http::Loop& loop, const base::Clock& clock, logs::Logs& logs,
                           cloudwatch::Cloudwatch& cloudwatch, dynamodb::Dynamodb& dynamodb,
                           lambda::Lambda& lambda, sts::Sts& sts)
    : loop_(loop),
      clock_(clock),
      logs_(logs),
      cloudwatch_(cloudwatch),
      dynamodb_(dynamodb),
      lambda_(lambda),
      sts_(sts),
      alarm_(loop, clock) {}

void Housekeeping::start() {
  alarm_.set(clock_.now() + kFirst, [this] { loop_.post([this] { run(); }); });
}

void Housekeeping::run() {
  if (stopping_ || running_) return;
  running_ = true;
  base::spawn(clean());
}

base::Task<void> Housekeeping::clean() {
  if (auto expired = co_await logs::expire(logs_); !expired) {
    base::log_warn("housekeeping of the logs: {}", expired.error().message);
  } else if (expired->events > 0) {
    base::log_info("housekeeping: {} log events were past their retention", expired->events);
  }
  if (auto left = co_await cloudwatch::expire(cloudwatch_); !left)
    base::log_warn("housekeeping of the metrics: {}", left.error().message);
  if (auto kept = co_await dynamodb::keep_up_streams(dynamodb_); !kept)
    base::log_warn("housekeeping of the streams: {}", kept.error().message);
  if (auto kept = co_await dynamodb::keep_up_backups(dynamodb_); !kept)
    base::log_warn("housekeeping of the backups: {}", kept.error().message);
  if (auto renewed = co_await lambda_.provisioning.touch_all(); !renewed)
    base::log_warn("housekeeping of provisioned concurrency: {}", renewed.error().message);
  if (auto expired = co_await sts_.sessions.expire(); !expired) {
    base::log_warn("housekeeping of the sessions: {}", expired.error().message);
  }
  running_ = false;
  if (stopping_) {
    ended_.set(true);
  } else {
    alarm_.set(clock_.now() + kEvery, [this] { loop_.post([this] { run(); }); });
  }
}

base::Task<void> Housekeeping::stop() {
  base::OneShot<bool> on_loop;
  loop_.post([this, on_loop] {
    stopping_ = true;
    on_loop.set(running_);
  });
  if (co_await on_loop.wait()) co_await ended_.wait();
}

}  // namespace mayfly::app
