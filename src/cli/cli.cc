#include "cli/cli.h"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <type_traits>

#include "cli/arguments.h"
#include "cli/commands.h"

namespace mayfly::cli {
namespace {

int write_pages(const std::string& folder,
                const std::vector<std::pair<std::string, std::string>>& pages, Terminal& terminal) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  for (const auto& [name, text] : pages) {
    const auto path = std::filesystem::path(folder) / (name + ".md");
    std::ofstream file(path);
    if (!(file << text).flush()) {
      terminal.err << "Cannot write " << path.string() << '\n';
      return kFailed;
    }
    terminal.out << path.string() << '\n';
  }
  return 0;
}

int run(const Parsed& parsed, const Program& program, Terminal& terminal) {
  return std::visit(
      [&](const auto& command) -> int {
        using Chosen = std::decay_t<decltype(command)>;
        if constexpr (std::is_same_v<Chosen, ServeOptions>) {
          return program.serve(command);
        } else if constexpr (std::is_same_v<Chosen, InvokeCommand>) {
          return run_invoke(command, parsed.target, terminal);
        } else if constexpr (std::is_same_v<Chosen, ReplayCommand>) {
          return run_replay(command, parsed.target, terminal);
        } else if constexpr (std::is_same_v<Chosen, LogsCommand>) {
          return run_logs(command, parsed.target, terminal);
        } else if constexpr (std::is_same_v<Chosen, StatusCommand>) {
          return run_status(command, parsed.target, terminal);
        } else if constexpr (std::is_same_v<Chosen, BillCommand>) {
          return run_bill(command, parsed.target, terminal);
        } else if constexpr (std::is_same_v<Chosen, BranchCommand>) {
          return run_branch(command, parsed.target, terminal);
        } else if constexpr (std::is_same_v<Chosen, BackupCommand>) {
          return run_backup(command, parsed.target, terminal);
        } else if constexpr (std::is_same_v<Chosen, TableCommand>) {
          return run_table(command, parsed.target, terminal);
        } else if constexpr (std::is_same_v<Chosen, TopCommand>) {
          return run_top(command, parsed.target, terminal);
        } else if constexpr (std::is_same_v<Chosen, DevCommand>) {
          return run_dev(command, parsed.target, terminal);
        } else if constexpr (std::is_same_v<Chosen, RestoreCommand>) {
          return run_restore(command, terminal);
        } else if constexpr (std::is_same_v<Chosen, WriteCompatibility>) {
          return write_pages(command.folder, program.compatibility(), terminal);
        } else {
          static_assert(std::is_same_v<Chosen, DumpApi>);
          terminal.out << program.dump_api() << '\n';
          return 0;
        }
      },
      parsed.command);
}

}  // namespace

int run_cli(int argc, char** argv, const Program& program) {
  const Environment environment = [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  const auto parsed = parse_arguments(arguments, environment, program.version);
  if (!parsed) {
    (parsed.error().exit_code == 0 ? std::cout : std::cerr) << parsed.error().text;
    return parsed.error().exit_code;
  }
  const base::SystemClock clock;
  Terminal terminal{std::cin, std::cout, std::cerr, clock};
  if (::isatty(STDERR_FILENO) == 1) terminal.progress = Progress::yes;
  try {
    return run(*parsed, program, terminal);
  } catch (const std::exception& error) {
    // Construction failures are thrown; their messages say what could not be had (an address, a
    // folder).
    std::cerr << "mayfly: " << error.what() << '\n';
    return kFailed;
  }
}

}  // namespace mayfly::cli
