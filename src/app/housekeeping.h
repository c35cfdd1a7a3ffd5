// Housekeeping: what is deleted by age, whoever forgot it: log events past their retention,
// metrics past theirs, sessions that expired, records of streams, history and last backups of
// tables; and what is renewed: provisioned environments whose credentials are about to end.
//
// Runs soon after the start and then every hour; each run may be cut off at any point and is caught
// up by the next, so it survives a restart without a record of its own. Ownership: all that it is
// given outlives it. Threads: any.
#pragma once

#include <memory>

#include "base/clock.h"
#include "http/io.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/dynamodb/dynamodb.h"
#include "services/lambda/lambda.h"
#include "services/logs/logs.h"
#include "services/sts/sts.h"
#include "work/loop_alarm.h"

namespace mayfly::app {

class Housekeeping {
 public:
  Housekeeping(http::Loop& loop, const base::Clock& clock, logs::Logs& logs,
               cloudwatch::Cloudwatch& cloudwatch, dynamodb::Dynamodb& dynamodb,
               lambda::Lambda& lambda, sts::Sts& sts);
  void start();
  // Begins nothing more; awaits the run under way.
  base::Task<void> stop();

 private:
  void run();
  base::Task<void> clean();

  http::Loop& loop_;
  const base::Clock& clock_;
  logs::Logs& logs_;
  cloudwatch::Cloudwatch& cloudwatch_;
  dynamodb::Dynamodb& dynamodb_;
  lambda::Lambda& lambda_;
  sts::Sts& sts_;
  work::LoopAlarm alarm_;
  // Both are touched on the loop only.
  bool stopping_ = false;
  bool running_ = false;
  base::OneShot<bool> ended_;
};

}  // namespace mayfly::app
