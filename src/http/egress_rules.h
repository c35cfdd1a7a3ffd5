// EgressRules: which hosts outside a function may reach through the platform (--egress-allow).
//
// A rule is a name ("api.example.com"), every name below one ("*.example.com", not the name
// itself), or an address ("192.0.2.7", "[2001:db8::7]"), each with a port or without: 443 and 80
// then. Names lead to public addresses only; one that is private, of this machine, link-local
// (where clouds keep their metadata) or otherwise special is reached only where a rule names that
// address itself.
//
// Direct connections are for clients that know no proxy. Inside, a name that a rule spells out
// leads to an address of the loopback that stands for it, and an IPv4 address of a rule is an
// address of the sandbox itself; what is connected to there, on a port of any rule, is told by the
// connection's own address. Not so: names below a suffix (they are not known before they are asked
// for), IPv6 addresses, the loopback's own, addresses beyond the first 64 and ports beyond the
// first sixteen.
//
// Pure values; threads: any.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::http {

class EgressRules {
 public:
  EgressRules() = default;  // nothing is allowed
  // Comma-separated; an error is a sentence.
  static std::expected<EgressRules, std::string> parse(std::string_view text);

  bool empty() const { return rules_.empty(); }
  // `host`: as a client wrote it: a name in any case, or an address, IPv6 without brackets.
  bool allows(std::string_view host, std::uint16_t port) const;
  // Of an address that an allowed name led to, as text: public, or named by a rule itself.
  bool may_connect(const std::string& address, std::uint16_t port) const;

  struct Direct {
    std::string hosts;  // lines of /etc/hosts
    std::vector<std::string> own_addresses;
    std::vector<std::uint16_t> ports;
  };
  Direct direct() const;
  // Whom a direct connection to this address is for: a name or an address; empty: nobody.
  std::string host_behind(const std::string& address) const;

 private:
  enum class Kind { name, below, address };
  struct Rule {
    Kind kind = Kind::name;
    std::string host;        // lower case; of an address its canonical text
    std::uint16_t port = 0;  // 0: 443 and 80
  };
  static std::expected<Rule, std::string> parse_rule(std::string_view text);
  bool names_address(const std::string& address, std::uint16_t port) const;
  void stand_in(const Rule& rule);

  std::vector<Rule> rules_;
  std::map<std::string, std::string> behind_;  // address inside -> host
};

// One that the public internet routes to a single host. False for text that is no address.
bool is_public_address(const std::string& address);
// A name that DNS may have: letters, digits, '-' and '_' in labels of at most 63, 253 in all.
bool is_host_name(std::string_view name);

}  // namespace mayfly::http
