#include "http/detail/request_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mayfly::http::detail {
namespace {

using Status = RequestParser::Status;

struct Outcome {
  Status status = Status::need_more;
  int refused_with = 0;
  Request request;
  std::string rest;
};

// Feeds `bytes` in pieces of `piece` bytes, as a slow peer would send them.
Outcome parse(std::string_view bytes, std::size_t piece, ParserLimits limits = {}) {
  RequestParser parser(limits);
  std::string pending;
  Outcome outcome;
  for (std::size_t at = 0; at < bytes.size() && outcome.status == Status::need_more; at += piece) {
    pending += bytes.substr(at, piece);
    const auto step = parser.feed(pending);
    pending.erase(0, step.consumed);
    outcome.status = step.status;
    if (step.status == Status::complete)
      pending += bytes.substr(std::min(bytes.size(), at + piece));
  }
  if (outcome.status == Status::refused) outcome.refused_with = parser.refusal().status;
  if (outcome.status == Status::complete) outcome.request = parser.take();
  outcome.rest = pending;
  return outcome;
}

// Whether a request is accepted must not depend on how the network cuts it.
void expect_refused(std::string_view bytes, int status, ParserLimits limits = {}) {
  for (const std::size_t piece : {bytes.size(), std::size_t{1}, std::size_t{7}}) {
    const Outcome outcome = parse(bytes, piece, limits);
    EXPECT_EQ(outcome.status, Status::refused) << bytes.substr(0, 200) << " in pieces of " << piece;
    EXPECT_EQ(outcome.refused_with, status) << bytes.substr(0, 200) << " in pieces of " << piece;
  }
}

Request expect_accepted(std::string_view bytes, std::string_view rest = "") {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
    Outcome outcome = parse(bytes, piece);
    EXPECT_EQ(outcome.status, Status::complete)
        << bytes.substr(0, 200) << " in pieces of " << piece;
    EXPECT_EQ(outcome.rest, rest);
    if (piece == bytes.size()) return std::move(outcome.request);
  }
  return {};
}

TEST(RequestParser, KeepsMethodTargetHeadersAndBodyAsTheyCame) {
  const Request request = expect_accepted(
      "POST /a%2Fb?x=1&y=%20 HTTP/1.1\r\nHost: h\r\nX-Amz-Date:  20250101T000000Z \r\n"
      "x-twice: 1\r\nX-Twice: 2\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/a%2Fb?x=1&y=%20");
  EXPECT_EQ(request.raw_path(), "/a%2Fb");
  EXPECT_EQ(request.raw_query(), "x=1&y=%20");
  EXPECT_EQ(request.headers.get("x-amz-DATE"), "20250101T000000Z");
  EXPECT_THAT(request.headers.get_all("X-Twice"), ::testing::ElementsAre("1", "2"));
  EXPECT_EQ(request.headers.begin()[2].first, "x-twice");
  EXPECT_EQ(request.body, "hello");
}

TEST(RequestParser, LeavesWhatFollowsForTheNextRequest) {
  expect_accepted("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\n", "GET /2 HTTP/1.1\r\n");
  expect_accepted("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nabGET", "GET");
}

TEST(RequestParser, JoinsChunksAndIgnoresExtensionsAndTrailers) {
  const Request request = expect_accepted(
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;name=value\r\nabc\r\n2\r\nde\r\n0\r\nHost: evil\r\nX-Trailer: 1\r\n\r\n");
  EXPECT_EQ(request.body, "abcde");
  EXPECT_EQ(request.headers.get("Host"), "h");
  EXPECT_FALSE(request.headers.has("X-Trailer"));
}

TEST(RequestParser, AcceptsAnAbsoluteTargetAndTakesHostFromIt) {
  const Request request = expect_accepted("GET http://other:81?q HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(request.target, "/?q");
  EXPECT_EQ(request.headers.get("Host"), "other:81");
}

TEST(RequestParser, SkipsEmptyLinesBeforeTheRequest) {
  EXPECT_EQ(expect_accepted("\r\n\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n").target, "/x");
}

TEST(RequestParser, Http10NeedsNoHost) {
  EXPECT_EQ(expect_accepted("GET / HTTP/1.0\r\n\r\n").version, 10);
}

// Each of these lets two parsers in a row disagree about where the request ends.
TEST(RequestParser, RefusesWhatCouldSmuggleARequest) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\n";
  expect_refused(head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
  expect_refused(head + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400);
  expect_refused(head + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400);
  expect_refused(head + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400);
  expect_refused(head + "Content-Length: 3, 3\r\n\r\nabc", 400);
  expect_refused(head + "Content-Length: +3\r\n\r\nabc", 400);
  expect_refused(head + "Content-Length: 0x3\r\n\r\nabc", 400);
  expect_refused(head + "Content-Length: -3\r\n\r\nabc", 400);
  expect_refused(head + "Content-Length: 99999999999999999999\r\n\r\nabc", 400);
  expect_refused(head + "Content-Length:\r\n\r\nabc", 400);
  expect_refused(head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 400);
  expect_refused(head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501);
  expect_refused(head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501);
  expect_refused(head + "Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc", 501);
  expect_refused(head + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400);
  expect_refused(head + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400);
  expect_refused("POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
  expect_refused(head + "Host: other\r\n\r\n", 400);
}

TEST(RequestParser, RefusesMalformedHeaders) {
  const std::string line = "GET / HTTP/1.1\r\nHost: h\r\n";
  expect_refused(line + "Bad Name: 1\r\n\r\n", 400);
  expect_refused(line + "Bad\x01Name: 1\r\n\r\n", 400);
  expect_refused(line + ": 1\r\n\r\n", 400);
  expect_refused(line + "NoColon\r\n\r\n", 400);
  expect_refused(line + "A: b\rc\r\n\r\n", 400);
  expect_refused(line + "A: b\nC: d\r\n\r\n", 400);
  expect_refused(line + std::string("A: b\0c\r\n\r\n", 10), 400);
  expect_refused(line + " folded\r\n\r\n", 400);
  expect_refused("GET / HTTP/1.1\n\n", 400);
  expect_refused("GET / HTTP/1.1\r\n\r\n", 400);  // no Host
}

TEST(RequestParser, RefusesMalformedRequestLines) {
  expect_refused("\x16\x03\x01\x02 a TLS greeting", 400);
  expect_refused("GET\r\nHost: h\r\n\r\n", 400);
  expect_refused("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400);
  expect_refused("G@T / HTTP/1.1\r\nHost: h\r\n\r\n", 400);
  expect_refused("GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400);
  expect_refused("GET x HTTP/1.1\r\nHost: h\r\n\r\n", 400);
  expect_refused("GET http:// HTTP/1.1\r\nHost: h\r\n\r\n", 400);
  expect_refused("GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400);
  expect_refused("GET / HTTX/1.1\r\nHost: h\r\n\r\n", 400);
  expect_refused("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", 501);
}

TEST(RequestParser, RefusesOtherVersions) {
  expect_refused("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505);
  expect_refused("GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505);
  expect_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
}

TEST(RequestParser, RefusesMalformedChunks) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect_refused(head + "x\r\nabc\r\n", 400);
  expect_refused(head + "3\r\nabcX\r\n0\r\n\r\n", 400);
  expect_refused(head + "-3\r\nabc\r\n0\r\n\r\n", 400);
  expect_refused(head + "ffffffffffffffffff\r\nabc", 400);
  expect_refused(head + "3;a=\"b\nc\"\r\nabc\r\n0\r\n\r\n", 400);
  expect_refused(head + "0\r\nContent-Length: 3\r\n\r\n", 400);
  expect_refused(head + "3;" + std::string(20'000, 'a'), 400);
}

TEST(RequestParser, EnforcesEachLimitAtItsByte) {
  const ParserLimits limits{.request_line = 20, .header_bytes = 40, .body_bytes = 4};
  EXPECT_EQ(parse("GET /45 HTTP/1.1\r\nHost: h\r\n\r\n", 1, limits).status, Status::complete);
  expect_refused("GET /4567890 HTTP/1.1\r\nHost: h\r\n\r\n", 414, limits);
  expect_refused(std::string(21, 'A'), 414, limits);
  expect_refused("GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(40, 'a'), 431, limits);
  EXPECT_EQ(parse("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd", 1, limits).status,
            Status::complete);
  expect_refused("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", 413, limits);
  const ParserLimits chunks{.request_line = 64, .header_bytes = 100, .body_bytes = 4};
  expect_refused(
      "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n", 413,
      chunks);
}

TEST(RequestParser, LimitsTheNumberOfHeaders) {
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (std::size_t i = 0; i < RequestParser::kMaxFields; ++i) many += "a:\r\n";
  expect_refused(many + "\r\n", 431);
}

TEST(RequestParser, AsksForContinueOnlyWhereABodyFollows) {
  const std::string head = "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: ";
  RequestParser with_body({});
  EXPECT_EQ(with_body.feed(head + "3\r\n\r\n").status, Status::need_more);
  EXPECT_TRUE(with_body.wants_continue());
  RequestParser without({});
  EXPECT_EQ(without.feed(head + "0\r\n\r\n").status, Status::complete);
  EXPECT_FALSE(without.wants_continue());
  expect_refused("PUT / HTTP/1.1\r\nHost: h\r\nExpect: something\r\n\r\n", 417);
}

TEST(RequestParser, KnowsWhetherTheConnectionIsKept) {
  const auto kept = [](std::string_view bytes) {
    RequestParser parser({});
    EXPECT_EQ(parser.feed(bytes).status, Status::complete);
    return parser.keep_alive();
  };
  EXPECT_TRUE(kept("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_FALSE(kept("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n"));
  EXPECT_FALSE(kept("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(kept("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

}  // namespace
}  // namespace mayfly::http::detail
