// What the daemon and the warden say to each other, as bytes: one packet each (channel.h).
//
// The daemon is the trusted side, but its requests carry users' strings, so decoding is bounded and
// checks everything. Failure: decoders answer nullopt. Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sandbox/warden.h"

namespace mayfly::sandbox {

inline constexpr std::size_t kMaxRequestBytes = 160 << 10;  // argv and env of a process included

// Requests: daemon to warden. Descriptors of start and clone: the guest's control end, its output
// end, its ends of SandboxSpec::pipes.
struct StartRequest {
  ProcessId id = 0;
  SandboxSpec spec;
};
struct CloneRequest {
  ProcessId id = 0;
  ProcessId of = 0;
  std::string name;
  Limits limits;
};
struct KillRequest {
  ProcessId id = 0;
};
struct TerminateRequest {
  ProcessId id = 0;
};
struct CpusRequest {
  ProcessId id = 0;
  double cpus = 1.0;
};
struct ReportRequest {};
struct ZygoteRequest {
  ProcessId id = 0;
  ZygoteSpec spec;
};
using Request = std::variant<StartRequest, CloneRequest, KillRequest, ReportRequest, ZygoteRequest,
                             TerminateRequest, CpusRequest>;

// Where the daemon reads a group's usage itself, without asking.
struct UsageFiles {
  std::string memory_now;
  std::string memory_peak;
  std::string cpu;  // nanoseconds (v1's cpuacct.usage), or a cpu.stat with a usage_usec line
  std::int64_t shared_bytes = 0;  // a clone's: what it has in common with its template
};

// Answers: warden to daemon. Descriptors of started: the listeners.
struct StartedAnswer {
  ProcessId id = 0;
  UsageFiles usage;
  std::uint32_t user = 0;
  bool inside_socket = false;  // the last descriptor is one
};
struct RefusedAnswer {
  ProcessId id = 0;
  std::string message;
};
struct ExitAnswer {
  Exit exit;
};
struct ReportAnswer {
  std::vector<Feature> features;
};
using Answer = std::variant<StartedAnswer, RefusedAnswer, ExitAnswer, ReportAnswer>;

std::string encode(const Request& request);
std::optional<Request> decode_request(std::string_view bytes);
std::string encode(const Answer& answer);
std::optional<Answer> decode_answer(std::string_view bytes);

// What is wrong with a request that a caller made, as a sentence; nullopt where nothing is.
std::optional<std::string> fault_of(const SandboxSpec& spec);
std::optional<std::string> fault_of(const Limits& limits);
std::optional<std::string> fault_of_cpus(double cpus);
std::optional<std::string> fault_of_name(std::string_view name);

}  // namespace mayfly::sandbox
