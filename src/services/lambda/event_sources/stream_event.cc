#include "services/lambda/event_sources/stream_event.h"

#include <algorithm>

#include "base/clock.h"
#include "wire/json.h"

namespace mayfly::lambda {

namespace {

// "2026-11-30T15:00:00Z"
std::string second_text(std::int64_t epoch_ms) {
  std::string text = base::iso8601_ms(base::from_epoch_ms(epoch_ms));
  const std::size_t dot = text.find('.');
  return dot == std::string::npos ? text : text.substr(0, dot) + "Z";
}

void add_window(std::string& out, const StreamWindow& window) {
  out += R"(,"window":{"start":")" + second_text(window.start_ms) + R"(","end":")" +
         second_text(window.end_ms) + R"("},"state":)" + window.state + R"(,"shardId":)";
  wire::write_json_string(window.shard, out);
  out += R"(,"eventSourceARN":)";
  wire::write_json_string(window.source, out);
  out += R"(,"isFinalInvokeForWindow":)";
  out += window.final ? "true" : "false";
  out += R"(,"isWindowTerminatedEarly":)";
  out += window.early ? "true" : "false";
}

}  // namespace

std::string stream_event(std::span<const StreamEntry> entries,
                         const std::optional<StreamWindow>& window) {
  std::string out = R"({"Records":[)";
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) out += ',';
    out += entries[i].json;
  }
  out += ']';
  if (window) add_window(out, *window);
  out += '}';
  return out;
}

std::optional<std::size_t> first_failure(std::string_view answer,
                                         std::span<const StreamEntry> entries) {
  // AWS takes an empty answer, null, and an answer without failures for success.
  if (answer.empty()) return entries.size();
  const auto document = wire::parse_json(answer);
  if (!document) return std::nullopt;
  if (document->is_null()) return entries.size();
  const wire::Document* failures = document->find("batchItemFailures");
  if (failures == nullptr || failures->is_null()) return entries.size();
  const wire::DocumentList* list = failures->as_list();
  if (list == nullptr) return std::nullopt;
  std::size_t first = entries.size();
  for (const wire::Document& each : *list) {
    const wire::Document* identifier = each.find("itemIdentifier");
    const std::string* number = identifier == nullptr ? nullptr : identifier->as_string();
    if (number == nullptr) return std::nullopt;
    const auto found = std::ranges::find(entries, *number, &StreamEntry::sequence_number);
    if (found == entries.end()) return std::nullopt;
    first = std::min(first, static_cast<std::size_t>(found - entries.begin()));
  }
  return first;
}

std::optional<std::string> answered_state(std::string_view answer) {
  const auto document = wire::parse_json(answer);
  if (!document) return std::nullopt;
  const wire::Document* state = document->find("state");
  if (state == nullptr || state->as_map() == nullptr) return std::nullopt;
  return wire::to_json(*state);
}

}  // namespace mayfly::lambda
