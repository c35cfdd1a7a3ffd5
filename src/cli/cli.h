// The command line of Mayfly: reads it, and runs `serve` (given by app/) or a command that talks to
// a running daemon.
//
// Exit codes: 0; 1 where an invoked function failed; 2 for everything else that went wrong (bad
// arguments, nobody answers, the API refuses). Results go to standard output, everything about them
// to standard error.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"

namespace mayfly::cli {

enum class Profile { development, secured };
enum class Network { host, isolated };
enum class Storage { memory, disk };
enum class Durability { durable, relaxed };
enum class RuntimeVersions { nearest, exact };
enum class TableThroughput { unlimited, enforced };

struct ServeOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 4566;
  std::string data_dir;
  std::int64_t stream_mib_per_second = 0;  // of a streamed answer behind its burst; 0: no limit
  std::string images;                      // folder of container images; empty: DATA_DIR/images
  std::string runtime_packs;  // folder of runtime packs beside the installed ones, or empty
  Profile profile = Profile::development;
  Network network = Network::host;      // of functions; isolated is the secured profile's default
  Storage large_tmp = Storage::memory;  // of functions with more EphemeralStorage than 512 MB
  std::string egress_allow;  // hosts that functions of an isolated network reach, or empty
  std::vector<std::string> allow_origins;  // of web pages; "*": any
  Durability durability = Durability::durable;
  RuntimeVersions runtime_versions = RuntimeVersions::nearest;
  TableThroughput table_throughput = TableThroughput::unlimited;  // of DynamoDB tables
  base::LogLevel log_level = base::LogLevel::info;
  std::string region = "us-east-1";
  std::int64_t max_concurrency = 1000;
  bool favor_dynmods = true;       // of the kernel, for all control groups of the machine
  std::int64_t scaling_rate = 0;   // environments a function may gain in ten seconds; 0: any
  std::int64_t max_timeout = 900;  // seconds that a function's Timeout may be; 0: any
  // Events that ended in a function's error that are kept of each; -1: by the profile.
  std::int64_t failed_events = -1;
  std::int64_t event_retry = 60;  // seconds before an asynchronous event's first retry
  std::int64_t memory_mb = 0;     // of all environments together; 0: three quarters of the machine
  int threads = 0;                // I/O threads; 0: one a core
  // The socket of the daemon that this one is a branch of; -1: none (admin/parent.h).
  int parent_fd = -1;
  std::vector<std::string> given;  // the words that all this was read from
};

using ServeFn = std::function<int(const ServeOptions&)>;

struct Program {
  std::string version;
  ServeFn serve;
  std::function<std::string()> dump_api;  // what --dump-api prints
  // What --compatibility writes: the pages of a folder, name and text.
  std::function<std::vector<std::pair<std::string, std::string>>()> compatibility;
};

int run_cli(int argc, char** argv, const Program& program);

}  // namespace mayfly::cli
