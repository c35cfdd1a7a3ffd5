#include "gateway/event.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace mayfly::gateway {
namespace {

// Values of a name joined with commas, names in the order in which they came first.
void write_joined(JsonWriter& json, std::string_view name, const Pairs& pairs) {
  json.open(name);
  for (auto it = pairs.begin(); it != pairs.end(); ++it) {
    const auto same = [&](const Pairs::value_type& other) { return other.first == it->first; };
    if (std::any_of(pairs.begin(), it, same)) continue;
    if (std::none_of(it + 1, pairs.end(), same)) {
      json.text(it->first, it->second);
      continue;
    }
    std::string joined = it->second;
    for (auto next = it + 1; next != pairs.end(); ++next) {
      if (same(*next)) joined += "," + next->second;
    }
    json.text(it->first, joined);
  }
  json.close();
}

void write_context(JsonWriter& json, const Place& place, const Inbound& inbound,
                   std::string_view authorizer) {
  json.open("requestContext");
  json.text("accountId", place.account);
  json.text("apiId", place.api_id);
  if (!authorizer.empty()) json.raw("authorizer", authorizer);
  json.text("domainName", place.domain);
  json.text("domainPrefix", domain_prefix(place.domain));
  json.open("http");
  json.text("method", place.method);
  json.text("path", place.path);
  json.text("protocol", inbound.protocol);
  json.text("sourceIp", inbound.source_ip);
  json.text("userAgent", inbound.user_agent);
  json.close();
  json.text("requestId", place.request_id);
  json.text("routeKey", place.route_key);
  json.text("stage", place.stage);
  json.text("time", request_time(place.time));
  json.number("timeEpoch", base::epoch_ms(place.time));
  json.close();
}

}  // namespace

std::string request_time(base::WallTime time) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - day)};
  return fmt::format("{:02}/{}/{:04}:{:02}:{:02}:{:02} +0000", static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

std::string_view domain_prefix(std::string_view domain) {
  return domain.substr(0, domain.find('.'));
}

void write_request(JsonWriter& json, const Place& place, const Inbound& inbound,
                   std::string_view authorizer) {
  json.text("routeKey", place.route_key);
  json.text("rawPath", place.path);
  json.text("rawQueryString", inbound.raw_query);
  if (!inbound.cookies.empty()) {
    json.open_list("cookies");
    for (const std::string& cookie : inbound.cookies) json.element(cookie);
    json.close_list();
  }
  write_map(json, "headers", inbound.headers);
  if (!inbound.query.empty()) write_joined(json, "queryStringParameters", inbound.query);
  write_context(json, place, inbound, authorizer);
}

void write_body(JsonWriter& json, const Inbound& inbound) {
  if (!inbound.body.empty()) json.text("body", inbound.body);
  json.boolean("isBase64Encoded", inbound.body_is_base64);
}

}  // namespace mayfly::gateway
