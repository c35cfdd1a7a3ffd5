// The command line as values. Reads nothing but its arguments and the environment it is given.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/arguments_loop.h"
#include "cli/arguments_table.h"
#include "cli/cli.h"

namespace mayfly::cli {

using Environment = std::function<std::optional<std::string>(const char* name)>;

enum class Format { text, json };
enum class Follow { no, yes };
enum class Timestamps { no, yes };
enum class ShowTail { on_error, always };

struct InvokeCommand {
  std::string function = {};
  std::string qualifier = {};
  std::optional<std::string> payload = {};
  std::string event_file = {};  // "-": standard input
  std::string type = "RequestResponse";
  ShowTail tail = ShowTail::on_error;
};
struct LogsCommand {
  std::string function = {};
  Follow follow = Follow::no;
  std::string since = {};
  std::string filter = {};
  Timestamps timestamps = Timestamps::no;
};
struct ReplayCommand {
  std::string request_id = {};  // empty: list what there is
  std::string function = {};    // of which to list
  Format format = Format::text;
};
struct StatusCommand {
  Format format = Format::text;
};
struct BillCommand {
  std::string from = {};
  std::string to = {};
  Format format = Format::text;
};
struct BranchCommand {
  enum class Action { create, list, remove };
  Action action = Action::list;
  std::string name = {};
  Format format = Format::text;
};
struct BackupCommand {
  std::string folder = {};
  std::size_t keep = 0;  // 0: all
};
struct RestoreCommand {
  std::string backup = {};
  std::string data_dir = {};
};
struct DumpApi {};
struct WriteCompatibility {
  std::string folder;
};

using Command = std::variant<ServeOptions, InvokeCommand, ReplayCommand, LogsCommand, StatusCommand,
                             BillCommand, BranchCommand, BackupCommand, RestoreCommand,
                             TableCommand, TopCommand, DevCommand, DumpApi, WriteCompatibility>;

// Where a command goes, and as whom.
struct Target {
  std::string endpoint;
  std::string region;
  std::string access_key;
  std::string secret_key;
  std::string session_token;
};

struct Parsed {
  Target target;
  Command command;
};

// Help, the version, or what is wrong with the arguments.
struct Stop {
  int exit_code = 0;
  std::string text;
};

std::expected<Parsed, Stop> parse_arguments(const std::vector<std::string>& arguments,
                                            const Environment& environment,
                                            const std::string& version);

}  // namespace mayfly::cli
