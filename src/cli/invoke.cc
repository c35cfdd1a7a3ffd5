#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <iterator>

#include "base/strings.h"
#include "cli/api_client.h"
#include "cli/commands.h"
#include "wire/json.h"

namespace mayfly::cli {
namespace {

using namespace std::chrono_literals;

// A function may run for as long as its profile allows.
constexpr auto kInvokeTimeout = 24h;
// Lambda's own limit for a synchronous event is 6 MB; beyond this it is no event but a mistake.
constexpr std::size_t kMaxEvent = 64 * 1024 * 1024;

Answer<std::string> read_all(std::istream& stream, const std::string& name) {
  std::string text;
  char block[64 * 1024];
  while (stream.read(block, sizeof(block)) || stream.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kMaxEvent)
      return std::unexpected(Problem{fmt::format("{} is too large for an event.", name), ""});
  }
  return text;
}

Answer<std::string> read_event(const InvokeCommand& command, Terminal& terminal) {
  if (command.payload) return *command.payload;
  if (command.event_file.empty()) return "{}";
  if (command.event_file == "-") return read_all(terminal.in, "Standard input");
  std::ifstream file(command.event_file, std::ios::binary);
  if (!file)
    return std::unexpected(Problem{fmt::format("Cannot read {}.", command.event_file), ""});
  return read_all(file, command.event_file);
}

// "Billed Duration: 12 ms" from the REPORT line, or empty.
std::string report_value(std::string_view log, std::string_view name) {
  const std::size_t line = log.rfind("REPORT RequestId:");
  if (line == std::string_view::npos) return "";
  const std::string_view report = log.substr(line, log.find('\n', line) - line);
  const std::string mark = fmt::format("\t{}: ", name);
  const std::size_t at = report.find(mark);
  if (at == std::string_view::npos) return "";
  const std::string_view value = report.substr(at + mark.size());
  return std::string(base::trim(value.substr(0, value.find('\t'))));
}

// One line: how it went, and what it took.
std::string summary(const http::Response& response, std::string_view log,
                    std::chrono::microseconds round_trip) {
  std::string text = response.headers.has("X-Amz-Function-Error") ? "failed" : "ok";
  if (const auto version = response.headers.get("X-Amz-Executed-Version"))
    text += fmt::format(", version {}", *version);
  const std::pair<const char*, const char*> values[] = {{"Duration", "took"},
                                                        {"Init Duration", "after init of"},
                                                        {"Billed Duration", "billed"},
                                                        {"Max Memory Used", "memory"}};
  for (const auto& [name, label] : values) {
    if (const std::string value = report_value(log, name); !value.empty())
      text += fmt::format(", {} {}", label, value);
  }
  return fmt::format("{} (round trip {:.2f} ms)\n", text,
                     static_cast<double>(round_trip.count()) / 1000);
}

}  // namespace

int run_invoke(const InvokeCommand& command, const Target& target, Terminal& terminal) {
  auto event = read_event(command, terminal);
  if (!event) {
    terminal.err << event.error().text << '\n';
    return kFailed;
  }
  if (const auto checked = wire::check_json(*event); !checked) {
    terminal.err << fmt::format("The event is not JSON: {} (at byte {}).\n",
                                checked.error().message, checked.error().offset);
    return kFailed;
  }
  http::Request request;
  request.method = "POST";
  request.target = fmt::format("/2015-03-31/functions/{}/invocations",
                               base::percent_encode(command.function, base::Slash::encode));
  if (!command.qualifier.empty()) {
    request.target += "?Qualifier=" + base::percent_encode(command.qualifier, base::Slash::encode);
  }
  request.headers.add("Content-Type", "application/json");
  request.headers.add("X-Amz-Invocation-Type", command.type);
  if (command.type == "RequestResponse") request.headers.add("X-Amz-Log-Type", "Tail");
  request.body = std::move(*event);

  ApiClient client(target, terminal.clock, kInvokeTimeout);
  const auto begin = terminal.clock.monotonic();
  const auto response = client.send("lambda", std::move(request));
  const auto round_trip =
      std::chrono::duration_cast<std::chrono::microseconds>(terminal.clock.monotonic() - begin);
  if (!response || response->status / 100 != 2) {
    const Problem problem = response ? client.problem_of(*response) : response.error();
    terminal.err << problem.text << '\n';
    if (problem.code == "ResourceNotFoundException") {
      terminal.err << fmt::format(
          "The functions that exist: aws lambda list-functions --endpoint-url {}\n",
          target.endpoint);
    }
    return kFailed;
  }
  if (command.type == "Event") {
    terminal.err << fmt::format("Accepted. What becomes of it: mayfly logs {} -f\n",
                                command.function);
    return 0;
  }
  if (command.type == "DryRun") {
    terminal.err << "It could be invoked.\n";
    return 0;
  }
  const bool failed = response->headers.has("X-Amz-Function-Error");
  terminal.out << response->body << '\n' << std::flush;
  const auto tail = response->headers.get("X-Amz-Log-Result");
  const std::string log = tail ? base::from_base64(*tail).value_or("") : "";
  if (failed || command.tail == ShowTail::always) {
    terminal.err << log << (log.empty() || log.ends_with('\n') ? "" : "\n");
  }
  terminal.err << summary(*response, log, round_trip);
  return failed ? kFunctionFailed : 0;
}

}  // namespace mayfly::cli
