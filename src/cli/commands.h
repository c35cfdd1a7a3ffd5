// The commands that talk to a daemon. Each returns the exit code.
#pragma once

#include <chrono>
#include <istream>
#include <ostream>

#include "base/clock.h"
#include "cli/arguments.h"

namespace mayfly::cli {

inline constexpr int kFunctionFailed = 1;
inline constexpr int kFailed = 2;

enum class Progress { no, yes };

// Where a command reads and writes; a test gives its own.
struct Terminal {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  const base::Clock& clock;
  std::chrono::milliseconds follow_every{500};  // between two looks for new log lines
  Progress progress = Progress::no;             // whether a line may be written again and again
};

int run_invoke(const InvokeCommand& command, const Target& target, Terminal& terminal);
int run_replay(const ReplayCommand& command, const Target& target, Terminal& terminal);
int run_logs(const LogsCommand& command, const Target& target, Terminal& terminal);
int run_status(const StatusCommand& command, const Target& target, Terminal& terminal);
int run_bill(const BillCommand& command, const Target& target, Terminal& terminal);
int run_branch(const BranchCommand& command, const Target& target, Terminal& terminal);
int run_backup(const BackupCommand& command, const Target& target, Terminal& terminal);
int run_table(const TableCommand& command, const Target& target, Terminal& terminal);
int run_dev(const DevCommand& command, const Target& target, Terminal& terminal);
int run_top(const TopCommand& command, const Target& target, Terminal& terminal);
int run_restore(const RestoreCommand& command, Terminal& terminal);  // needs no daemon

}  // namespace mayfly::cli
