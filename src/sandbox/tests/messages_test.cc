// The bytes between the daemon and the warden, and what is refused before it gets there.
#include "sandbox/messages.h"

#include <gtest/gtest.h>

namespace mayfly::sandbox {
namespace {

SandboxSpec sample() {
  SandboxSpec spec;
  spec.name = "orders-1";
  spec.argv = {"/usr/bin/python3", "", "x"};
  spec.env = {"A=1", "B="};
  spec.code_folder = "/var/lib/code";
  spec.binds = {{"/opt/python", "/opt/python"}};
  spec.limits.cpus = 0.5;
  spec.network = Network::isolated;
  spec.tmp = Storage::disk;
  spec.listen_ports = {4566, 9001};
  spec.own_addresses = {"192.0.2.7"};
  spec.open_ports = {443};
  spec.inside_socket = true;
  spec.lingers = true;
  spec.pipes = 2;
  return spec;
}

TEST(Messages, AStartRequestArrivesAsItWas) {
  const Request request = StartRequest{7, sample()};
  const auto decoded = decode_request(encode(request));
  ASSERT_TRUE(decoded);
  const auto& start = std::get<StartRequest>(*decoded);
  EXPECT_EQ(start.id, 7U);
  EXPECT_EQ(start.spec.argv, sample().argv);
  EXPECT_EQ(start.spec.env, sample().env);
  EXPECT_EQ(start.spec.binds[0].target, "/opt/python");
  EXPECT_EQ(start.spec.limits.cpus, 0.5);
  EXPECT_EQ(start.spec.network, Network::isolated);
  EXPECT_EQ(start.spec.tmp, Storage::disk);
  EXPECT_EQ(start.spec.listen_ports, sample().listen_ports);
  EXPECT_EQ(start.spec.own_addresses, sample().own_addresses);
  EXPECT_EQ(start.spec.open_ports, sample().open_ports);
  EXPECT_TRUE(start.spec.inside_socket);
  EXPECT_TRUE(start.spec.lingers);
  EXPECT_EQ(start.spec.pipes, 2U);
  EXPECT_EQ(encode(*decoded), encode(request));
}

TEST(Messages, AZygoteRequestArrivesAsItWas) {
  const Request request =
      ZygoteRequest{8, {{"/usr/bin/python3", "-B"}, {"LANG=C"}, Network::isolated}};
  const auto decoded = decode_request(encode(request));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<ZygoteRequest>(*decoded).spec.argv[1], "-B");
  EXPECT_EQ(std::get<ZygoteRequest>(*decoded).spec.network, Network::isolated);
  EXPECT_EQ(encode(*decoded), encode(request));
}

TEST(Messages, AShareOfCpuArrivesAsItWas) {
  const Request request = CpusRequest{9, 0.25};
  const auto decoded = decode_request(encode(request));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<CpusRequest>(*decoded).cpus, 0.25);
  EXPECT_EQ(encode(*decoded), encode(request));
}

TEST(Messages, AnswersArriveAsTheyWere) {
  Exit exit;
  exit.id = 9;
  exit.signal = 11;
  exit.out_of_memory = true;
  exit.usage.cpu_us = 123;
  exit.lingers = true;
  for (const Answer& answer :
       {Answer{StartedAnswer{1, {"a", "b", "c", 5}, 7, true}}, Answer{RefusedAnswer{2, "no"}},
        Answer{ExitAnswer{exit}}, Answer{ReportAnswer{{{"seccomp", true, "yes"}}}}}) {
    const auto decoded = decode_answer(encode(answer));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->index(), answer.index());
    EXPECT_EQ(encode(*decoded), encode(answer));
  }
}

TEST(Messages, CutOrLengthenedBytesAreRefused) {
  const std::string bytes = encode(Request{StartRequest{7, sample()}});
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_request(bytes.substr(0, size)));
  EXPECT_FALSE(decode_request(bytes + "x"));
  EXPECT_FALSE(decode_request("\x09"));
}

TEST(Messages, FaultsAreNamed) {
  EXPECT_FALSE(fault_of(sample()));
  auto faulty = [](auto change) {
    SandboxSpec spec = sample();
    change(spec);
    return fault_of(spec).value_or("");
  };
  using namespace std::string_literals;
  EXPECT_NE(faulty([](auto& s) { s.name = "a/b"; }), "");
  EXPECT_NE(faulty([](auto& s) { s.name = ""; }), "");
  EXPECT_NE(faulty([](auto& s) { s.argv.clear(); }), "");
  EXPECT_NE(faulty([](auto& s) { s.argv = {"a\0b"s}; }), "");
  EXPECT_NE(faulty([](auto& s) { s.env = {"=x"}; }), "");
  EXPECT_NE(faulty([](auto& s) { s.code_folder = "relative"; }), "");
  EXPECT_NE(faulty([](auto& s) { s.code_folder = "/a/../b"; }), "");
  EXPECT_NE(faulty([](auto& s) { s.binds = {{"/a", "/b/./c"}}; }), "");
  EXPECT_NE(faulty([](auto& s) { s.binds = {{"/a", "//b"}}; }), "");
  EXPECT_NE(faulty([](auto& s) { s.working_folder = "x"; }), "");
  EXPECT_NE(faulty([](auto& s) { s.network = Network::host; }), "");
  EXPECT_NE(faulty([](auto& s) { s.limits.memory_bytes = 0; }), "");
  EXPECT_NE(faulty([](auto& s) { s.limits.cpus = -1; }), "");
  EXPECT_NE(faulty([](auto& s) { s.limits.cpus = std::numeric_limits<double>::quiet_NaN(); }), "");
  EXPECT_NE(faulty([](auto& s) { s.limits.pids = 0; }), "");
}

}  // namespace
}  // namespace mayfly::sandbox
