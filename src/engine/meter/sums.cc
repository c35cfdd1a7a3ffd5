#include "engine/meter/sums.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "wire/json.h"

namespace mayfly::engine {
namespace {

constexpr std::array kKinds{ports::ColdStart::spare, ports::ColdStart::clone,
                            ports::ColdStart::template_init, ports::ColdStart::exec};

constexpr std::array<std::pair<std::string_view, std::int64_t UsageSums::*>, 11> kMembers{{
    {"requests", &UsageSums::requests},
    {"errors", &UsageSums::errors},
    {"throttles", &UsageSums::throttles},
    {"billedMs", &UsageSums::billed_ms},
    {"mbMs", &UsageSums::mb_ms},
    {"cpuUs", &UsageSums::cpu_us},
    {"peakBytes", &UsageSums::peak_memory_bytes},
    {"byteMs", &UsageSums::memory_byte_ms},
    {"initUs", &UsageSums::init_us},
    {"provisionedMbMs", &UsageSums::provisioned_mb_ms},
    {"heldMbMs", &UsageSums::held_mb_ms},
}};

}  // namespace

std::string_view cold_start_name(ports::ColdStart kind) {
  switch (kind) {
    case ports::ColdStart::none:
      return "none";
    case ports::ColdStart::spare:
      return "spare";
    case ports::ColdStart::clone:
      return "clone";
    case ports::ColdStart::template_init:
      return "template_init";
    case ports::ColdStart::exec:
      return "exec";
  }
  return {};
}

void UsageSums::add(const ports::UsageRecord& record) {
  if (record.throttled) {
    ++throttles;
    return;
  }
  ++requests;
  errors += record.error ? 1 : 0;
  billed_ms += record.billed_ms;
  mb_ms += record.billed_ms * record.memory_mb;
  if (record.provisioned == ports::Provisioned::used)
    provisioned_mb_ms += record.billed_ms * record.memory_mb;
  cpu_us += record.cpu_us;
  peak_memory_bytes = std::max(peak_memory_bytes, record.peak_memory_bytes);
  memory_byte_ms +=
      static_cast<std::int64_t>(static_cast<double>(record.peak_memory_bytes) * record.duration_ms);
  init_us += std::llround(record.init_ms * 1000);
  if (record.cold_start != ports::ColdStart::none) ++cold_starts[record.cold_start];
}

void UsageSums::add(const UsageSums& other) {
  for (const auto& [name, member] : kMembers) {
    if (member != &UsageSums::peak_memory_bytes) this->*member += other.*member;
  }
  peak_memory_bytes = std::max(peak_memory_bytes, other.peak_memory_bytes);
  for (const auto& [kind, count] : other.cold_starts) cold_starts[kind] += count;
}

double UsageSums::gb_seconds() const { return engine::gb_seconds(mb_ms); }

std::string UsageSums::encode() const {
  wire::Document document = wire::Document::map();
  for (const auto& [name, member] : kMembers) document.set(name, this->*member);
  wire::Document starts = wire::Document::map();
  for (const auto& [kind, count] : cold_starts) starts.set(cold_start_name(kind), count);
  document.set("coldStarts", std::move(starts));
  return wire::to_json(document);
}

std::optional<UsageSums> UsageSums::decode(std::string_view text) {
  const auto document = wire::parse_json(text);
  if (!document || !document->is_map()) return std::nullopt;
  UsageSums sums;
  for (const auto& [name, member] : kMembers) {
    const wire::Document* value = document->find(name);
    if (value == nullptr) continue;  // written by an older version
    if (!value->as_int()) return std::nullopt;
    sums.*member = *value->as_int();
  }
  const wire::Document* starts = document->find("coldStarts");
  for (const ports::ColdStart kind : kKinds) {
    const wire::Document* count = starts != nullptr ? starts->find(cold_start_name(kind)) : nullptr;
    if (count != nullptr && count->as_int()) sums.cold_starts[kind] = *count->as_int();
  }
  return sums;
}

}  // namespace mayfly::engine
