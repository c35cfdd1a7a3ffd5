#include "http/detail/response_head.h"

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

#include <chrono>
#include <iterator>

#include "base/strings.h"
#include "http/detail/syntax.h"

namespace mayfly::http::detail {
namespace {

bool is_ours(std::string_view name) {
  return is_framing(name) || base::equals_ignore_case(name, "date");
}

std::string_view reason_of(int status) {
  const auto text = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  return {text.data(), text.size()};
}

void append_number(std::string& out, std::uint64_t number) {
  const fmt::format_int digits(number);
  out.append(digits.data(), digits.size());
}

}  // namespace

ResponsePlan plan_response(const Response& response, std::string_view method, int version,
                           Persistence wanted) {
  ResponsePlan plan{.persistence = wanted};
  if (const auto connection = response.headers.get("Connection");
      connection && base::equals_ignore_case(*connection, "close")) {
    plan.persistence = Persistence::close;
  }
  const bool bodiless = response.status == 204 || response.status == 304;
  plan.body_allowed = method != "HEAD" && !bodiless;
  if (bodiless) {
    plan.framing = Framing::none;
  } else if (response.stream == nullptr) {
    plan.framing = Framing::length;
  } else if (version >= 11) {
    plan.framing = Framing::chunked;
  } else {
    plan.framing = Framing::until_close;
    plan.persistence = Persistence::close;
  }
  return plan;
}

bool append_head(std::string& out, const Response& response, const ResponsePlan& plan, int version,
                 std::string_view date) {
  if (response.status < 200 || response.status > 999) return false;
  const std::size_t begin = out.size();
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(response.status));
  out += ' ';
  out += reason_of(response.status);
  out += "\r\nDate: ";
  out += date;
  out += "\r\n";
  for (const auto& [name, value] : response.headers) {
    if (is_ours(name)) continue;
    if (!is_token(name) || !is_field_value(value)) {
      out.resize(begin);
      return false;
    }
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  }
  if (plan.framing == Framing::length) {
    out += "Content-Length: ";
    append_number(out, response.body.size());
    out += "\r\n";
  } else if (plan.framing == Framing::chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (plan.persistence == Persistence::close) {
    out += "Connection: close\r\n";
  } else if (version < 11) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  return true;
}

std::string http_date(std::int64_t epoch_seconds) {
  using namespace std::chrono;
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_seconds time{seconds{epoch_seconds}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[weekday{day}.c_encoding()],
                     static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

}  // namespace mayfly::http::detail
