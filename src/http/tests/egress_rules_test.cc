#include "http/egress_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/detail/proxy_head.h"

namespace mayfly::http {
namespace {

using namespace std::string_view_literals;

using detail::parse_proxy_head;
using detail::ProxyRequest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

EgressRules rules(std::string_view text) {
  auto parsed = EgressRules::parse(text);
  EXPECT_TRUE(parsed) << parsed.error();
  return parsed.value_or(EgressRules{});
}

TEST(EgressRules, NothingIsAllowedByNone) {
  for (const char* text : {"", " ", ",", " , "}) {
    EXPECT_TRUE(rules(text).empty());
    EXPECT_FALSE(rules(text).allows("example.com", 443));
    EXPECT_FALSE(rules(text).allows("93.184.216.34", 443));
  }
}

TEST(EgressRules, NamesInAnyCaseAndWithTheRootsDot) {
  const auto allowed = rules("API.example.com, other.test:8443");
  EXPECT_TRUE(allowed.allows("api.example.com", 443));
  EXPECT_TRUE(allowed.allows("Api.Example.COM.", 80));
  EXPECT_TRUE(allowed.allows("other.test", 8443));
  EXPECT_FALSE(allowed.allows("other.test", 443));
  EXPECT_FALSE(allowed.allows("api.example.com", 22));
  EXPECT_FALSE(allowed.allows("x.api.example.com", 443));
  EXPECT_FALSE(allowed.allows("example.com", 443));
  EXPECT_FALSE(allowed.allows("api.example.com..", 443));
  EXPECT_FALSE(allowed.allows("api.example.com\0.evil.test"sv, 443));
}

TEST(EgressRules, ASuffixIsWholeLabelsAndNotTheNameItself) {
  const auto allowed = rules("*.example.com");
  EXPECT_TRUE(allowed.allows("a.example.com", 443));
  EXPECT_TRUE(allowed.allows("a.b.example.com", 443));
  EXPECT_FALSE(allowed.allows("example.com", 443));
  EXPECT_FALSE(allowed.allows("badexample.com", 443));
  EXPECT_FALSE(allowed.allows(".example.com", 443));
  EXPECT_FALSE(allowed.allows("a..example.com", 443));
  EXPECT_FALSE(allowed.allows("a.example.com.evil.test", 443));
}

TEST(EgressRules, AnAddressHasToBeNamedItself) {
  const auto allowed = rules("192.0.2.7:5432,[2001:DB8::7]:443,10.0.0.1,*.test");
  EXPECT_TRUE(allowed.allows("192.0.2.7", 5432));
  EXPECT_TRUE(allowed.allows("::ffff:192.0.2.7", 5432));
  EXPECT_TRUE(allowed.allows("2001:db8:0:0::7", 443));
  EXPECT_TRUE(allowed.allows("10.0.0.1", 80));
  EXPECT_FALSE(allowed.allows("192.0.2.8", 5432));
  EXPECT_FALSE(allowed.allows("93.184.216.34", 443));
  EXPECT_TRUE(allowed.may_connect("10.0.0.1", 443));
  EXPECT_TRUE(allowed.may_connect("::ffff:10.0.0.1", 443));
  EXPECT_FALSE(allowed.may_connect("10.0.0.1", 5432));
  EXPECT_FALSE(allowed.may_connect("10.0.0.2", 443));
  EXPECT_TRUE(allowed.may_connect("93.184.216.34", 443));
  EXPECT_FALSE(allowed.may_connect("no address", 443));
}

TEST(EgressRules, WhatIsNoRuleIsSaid) {
  for (const char* text :
       {"*", "*.", "*.*.com", "a b", "http://example.com", "example.com:", "example.com:0",
        "example.com:65536", "example.com:x", "[::1", "::1", "[::1]x", "[example.com]", "a/b",
        "ex*mple.com", ".example.com", "user@example.com", "[]", "\x80.com"}) {
    const auto parsed = EgressRules::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error(), HasSubstr("HOST:PORT"));
  }
}

TEST(EgressRules, DirectConnections) {
  const auto rules = *EgressRules::parse(
      "api.example.com,*.example.org,API.example.com:8443,192.0.2.7:5432,db.example.com:5432,"
      "localhost:1,a.localhost:2,127.0.0.1:3,[2001:db8::7]:4,0.0.0.0:5");
  const auto direct = rules.direct();
  EXPECT_EQ(direct.hosts, "127.64.0.1 api.example.com\n127.64.0.3 db.example.com\n");
  EXPECT_THAT(direct.own_addresses, ElementsAre("192.0.2.7"));
  EXPECT_THAT(direct.ports, ElementsAre(443, 80, 8443, 5432, 1, 2, 3, 4, 5));
  EXPECT_EQ(rules.host_behind("127.64.0.3"), "db.example.com");
  EXPECT_EQ(rules.host_behind("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(rules.host_behind("127.64.0.2"), "");
  EXPECT_EQ(rules.host_behind("127.0.0.1"), "");
}

TEST(EgressRules, NoNameThatCanBeStoodInForNeedsNoPort) {
  const auto direct = EgressRules::parse("*.example.com,[2001:db8::7]")->direct();
  EXPECT_EQ(direct.hosts, "");
  EXPECT_THAT(direct.ports, ElementsAre());
}

TEST(EgressRules, DirectConnectionsAreBounded) {
  std::string text;
  for (int i = 1; i <= 100; ++i)
    text += "10.0.0." + std::to_string(i) + ":" + std::to_string(i) + ",";
  const auto direct = EgressRules::parse(text)->direct();
  EXPECT_EQ(direct.own_addresses.size(), 64U);
  EXPECT_EQ(direct.ports.size(), 16U);
}

TEST(EgressRules, PublicAddresses) {
  for (const char* text : {"1.1.1.1", "93.184.216.34", "172.15.0.1", "172.32.0.1", "11.0.0.0",
                           "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"}) {
    EXPECT_TRUE(is_public_address(text)) << text;
  }
  for (const char* text : {"0.0.0.0",
                           "0.1.2.3",
                           "10.1.2.3",
                           "100.64.0.1",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.8.8.8",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.0.0.8",
                           "192.0.2.1",
                           "192.88.99.1",
                           "192.168.1.1",
                           "198.18.0.1",
                           "198.19.255.255",
                           "198.51.100.1",
                           "203.0.113.1",
                           "224.0.0.1",
                           "239.1.1.1",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::127.0.0.1",
                           "::ffff:127.0.0.1",
                           "::ffff:169.254.169.254",
                           "64:ff9b::7f00:1",
                           "64:ff9b::a9fe:a9fe",
                           "64:ff9b:1::1",
                           "fe80::1",
                           "fe80::1%1",
                           "fec0::1",
                           "fc00::1",
                           "fd00:ec2::254",
                           "ff02::1",
                           "2001:db8::1",
                           "2001::1",
                           "2002:7f00:1::1",
                           "2002:a9fe:a9fe::1",
                           "3fff::1",
                           "100::1",
                           "5f00::1",
                           "",
                           "localhost",
                           "1.1.1",
                           "0x7f.1",
                           "2130706433"}) {
    EXPECT_FALSE(is_public_address(text)) << text;
  }
}

TEST(ProxyHead, Connect) {
  const auto parsed = parse_proxy_head("CONNECT Example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->kind, ProxyRequest::Kind::tunnel);
  EXPECT_EQ(parsed->host, "Example.com");
  EXPECT_EQ(parsed->port, 443);
  const auto six = parse_proxy_head("CONNECT [::1]:8443 HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->host, "::1");
}

TEST(ProxyHead, AForwardedRequestIsTheServersOwn) {
  const auto parsed = parse_proxy_head(
      "POST HTTP://example.com:8080/a?b=c#d HTTP/1.1\r\nHost: inner.test\r\nProxy-Authorization: "
      "x\r\n"
      "Proxy-Connection: keep-alive\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->kind, ProxyRequest::Kind::forward);
  EXPECT_EQ(parsed->host, "example.com");
  EXPECT_EQ(parsed->port, 8080);
  EXPECT_EQ(parsed->head,
            "POST /a?b=c HTTP/1.1\r\nHost: example.com:8080\r\nConnection: close\r\n"
            "Content-Length: 1\r\n\r\n");
  EXPECT_EQ(parse_proxy_head("GET http://example.com?x HTTP/1.1\r\n\r\n")->head,
            "GET /?x HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n");
}

TEST(ProxyHead, WhatCouldBeReadInTwoWaysIsRefused) {
  for (const char* head : {"\r\n\r\n",
                           "CONNECT example.com HTTP/1.1\r\n\r\n",
                           "CONNECT example.com:443\r\n\r\n",
                           "CONNECT example.com:443 HTTP/2\r\n\r\n",
                           "CONNECT  example.com:443 HTTP/1.1\r\n\r\n",
                           "CONNECT example.com:443:80 HTTP/1.1\r\n\r\n",
                           "CONNECT a@example.com:443 HTTP/1.1\r\n\r\n",
                           "CONNECT ::1:443 HTTP/1.1\r\n\r\n",
                           "CONNECT [fe80::1%eth0]:443 HTTP/1.1\r\n\r\n",
                           "CONNECT example.com:+443 HTTP/1.1\r\n\r\n",
                           "CONNECT example.com:000443 HTTP/1.1\r\n\r\n",
                           "CONNECT exam\tple.com:443 HTTP/1.1\r\n\r\n",
                           "CONNECT example.com:443 HTTP/1.1\r\n x\r\n\r\n",
                           "CONNECT example.com:443 HTTP/1.1\r\nA : b\r\n\r\n",
                           "CONNECT a:443 HTTP/1.1\nA: b\r\n\r\n",
                           "GET / HTTP/1.1\r\n\r\n",
                           "GET https://example.com/ HTTP/1.1\r\n\r\n",
                           "GET http:///x HTTP/1.1\r\n\r\n",
                           "GET http://a@b/ HTTP/1.1\r\n\r\n",
                           "GET http://a\\b/ HTTP/1.1\r\n\r\n",
                           "GET ftp://a/ HTTP/1.1\r\n\r\n",
                           "GET http://a/ HTTP/1.1\r\nX: a\rb\r\n\r\n",
                           "G(T http://a/ HTTP/1.1\r\n\r\n",
                           "GET http://a HTTP/1.1\r\n"}) {
    EXPECT_FALSE(parse_proxy_head(head)) << head;
  }
}

}  // namespace
}  // namespace mayfly::http
