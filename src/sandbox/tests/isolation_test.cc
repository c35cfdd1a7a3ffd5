// From inside: what a function can see, reach and break. Each attack is tried in a template before
// it waits for clones (where a function's INIT runs) and in a clone.
#include <dirent.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <regex>
#include <set>

#include "base/strings.h"
#include "sandbox/files.h"
#include "sandbox/tests/python_guest.h"

namespace mayfly::sandbox {
namespace {

// Runs before each attack inside: calls by number, since Python has no wrapper for most.
constexpr const char* kTools = R"(
import ctypes, errno, os, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    ctypes.set_errno(0)
    value = libc.syscall(ctypes.c_long(number), *[ctypes.c_void_p(a) if isinstance(a, int) else a for a in arguments])
    return errno.errorcode.get(ctypes.get_errno(), 'OK') if value == -1 else 'OK'
def attempt(action):
    try:
        return 'OK ' + str(action())
    except OSError as error:
        return errno.errorcode[error.errno]
)";

struct Attack {
  const char* name;
  const char* code;
  const char* expected;  // a regular expression for the whole answer
};

constexpr Attack kAttacks[] = {
    // Nothing of others is visible.
    {"only its own processes",
     "result = all(int(p) < 20 for p in os.listdir('/proc') if p.isdigit())", "True"},
    {"init's environment", "result = attempt(lambda: open('/proc/1/environ').read())",
     "EACCES|EPERM"},
    {"init's memory", "result = attempt(lambda: open('/proc/1/mem', 'rb+').read(1))",
     "EACCES|EPERM"},
    {"init's map", "result = attempt(lambda: open('/proc/1/maps').read())", "EACCES|EPERM"},
    {"init's root", "result = attempt(lambda: os.listdir('/proc/1/root/'))", "EACCES|EPERM"},
    {"init's descriptors", "result = attempt(lambda: os.listdir('/proc/1/fd'))", "EACCES|EPERM"},
    {"the daemon's command line", "result = open('/proc/1/cmdline', 'rb').read().strip(b'\\0')",
     "b''"},
    {"its environment only", "result = sorted(k for k in os.environ if k != 'LC_CTYPE')",
     "\\['PATH', 'SECRET'\\]"},
    {"devices", "result = sorted(os.listdir('/dev'))",
     "\\['fd', 'full', 'null', 'random', 'shm', 'stderr', 'stdin', 'stdout', 'urandom', 'zero'\\]"},
    {"folders of the root", "result = sorted(set(os.listdir('/')) - {'lib32', 'lib64', 'libx32'})",
     "\\['bin', 'dev', 'etc', 'lib', 'opt', 'proc', 'sbin', 'tmp', 'usr', 'var'\\]"},
    {"password file", "result = open('/etc/passwd').read().count(':x:')", "3"},
    {"shadow", "result = attempt(lambda: open('/etc/shadow').read())", "ENOENT"},
    // Nothing can be written but /tmp and /dev/shm.
    {"write /var/task", "result = attempt(lambda: open('/var/task/x', 'w'))", "EROFS|EACCES"},
    {"change the code", "result = attempt(lambda: open('/var/task/guest.py', 'a'))",
     "EROFS|EACCES"},
    {"write /usr", "result = attempt(lambda: open('/usr/x', 'w'))", "EROFS|EACCES"},
    {"write /", "result = attempt(lambda: os.mkdir('/x'))", "EROFS|EACCES"},
    {"write /etc", "result = attempt(lambda: open('/etc/passwd', 'a'))", "EROFS|EACCES"},
    {"write /opt", "result = attempt(lambda: open('/opt/x', 'w'))", "EROFS|EACCES"},
    {"write /var/runtime", "result = attempt(lambda: open('/var/runtime/x', 'w'))", "EROFS|EACCES"},
    {"write /dev", "result = attempt(lambda: open('/dev/x', 'w'))", "EROFS|EACCES"},
    {"write /tmp", "result = attempt(lambda: open('/tmp/x', 'w').write('x'))", "OK 1"},
    {"kernel settings",
     "result = attempt(lambda: open('/proc/sys/kernel/core_pattern', 'w').write('|/tmp/x'))",
     "EACCES|EPERM|EROFS"},
    {"host name setting",
     "result = attempt(lambda: open('/proc/sys/kernel/hostname', 'w').write('x'))",
     "EACCES|EPERM|EROFS"},
    {"sysrq", "result = attempt(lambda: open('/proc/sysrq-trigger', 'w').write('b'))",
     "EACCES|EPERM|ENOENT"},
    {"kernel memory", "result = attempt(lambda: open('/proc/kcore', 'rb').read(1))",
     "EACCES|EPERM|ENOENT"},
    {"kernel log", "result = attempt(lambda: open('/proc/kmsg', 'rb').read(1))",
     "EACCES|EPERM|ENOENT"},
    {"mounts are nosuid", "result = [l for l in open('/proc/self/mounts') if 'nosuid' not in l]",
     "\\[\\]"},
    {"mounts are read-only but for a few",
     "result = sorted(l.split()[1] for l in open('/proc/self/mounts') if "
     "l.split()[3].startswith('rw') "
     "and not l.split()[1].startswith('/dev/') or l.split()[1] == '/dev/shm')",
     "\\['/dev/shm',( '/dev/shm',)? '/proc',( '/proc',)? '/tmp'(, '/tmp')?\\]"},
    {"device nodes", "result = attempt(lambda: os.mknod('/tmp/sda', 0o60666, os.makedev(8, 0)))",
     "EPERM"},
    // No power.
    {"capabilities and flags",
     "s = dict(l.split(':\\t') for l in open('/proc/self/status').read().splitlines() if ':\\t' in "
     "l); "
     "result = [s[k] for k in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', "
     "'Seccomp')]",
     "\\['0{16}', '0{16}', '0{16}', '0{16}', '0{16}', '1', '2'\\]"},
    {"become root", "result = attempt(lambda: os.setuid(0))", "EPERM|EINVAL"},
    {"join groups", "result = attempt(lambda: os.setgroups([0]))", "EPERM|EINVAL"},
    {"raise a limit",
     "import resource\n"
     "try: resource.setrlimit(resource.RLIMIT_NOFILE, (99999, 99999)); result = 'OK'\n"
     "except ValueError: result = 'EPERM'",
     "EPERM"},
    // One byte is the only limit at which no helper of a core_pattern's pipe is started.
    {"no core dump, and no helper",
     "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); "
     "result = resource.getrlimit(resource.RLIMIT_CORE)",
     "\\(1, 1\\)"},
    {"chown to root", "open('/tmp/own', 'w'); result = attempt(lambda: os.chown('/tmp/own', 0, 0))",
     "EPERM|EINVAL"},
    // Calls.
    {"mount", "result = call(165, b'x', b'/tmp', b'tmpfs', 0, 0)", "EPERM"},
    {"umount", "result = call(166, b'/tmp', 2)", "EPERM"},
    {"pivot_root", "result = call(155, b'/tmp', b'/tmp')", "EPERM"},
    {"chroot", "result = call(161, b'/tmp')", "EPERM"},
    {"open_tree", "result = call(428, -100, b'/', 1)", "EPERM"},
    {"move_mount", "result = call(429, -100, b'/', -100, b'/tmp', 0)", "EPERM"},
    {"fsopen", "result = call(430, b'tmpfs', 0)", "EPERM"},
    {"mount_setattr", "result = call(442, -100, b'/', 0, 0, 0)", "EPERM"},
    {"unshare user", "result = call(272, 0x10000000)", "EPERM"},
    {"unshare all", "result = call(272, 0x7c020000)", "EPERM"},
    {"clone user", "result = call(56, 0x10000000 | 17, 0, 0, 0, 0)", "EPERM"},
    {"clone pid", "result = call(56, 0x20000000 | 17, 0, 0, 0, 0)", "EPERM"},
    {"clone net", "result = call(56, 0x40000000 | 17, 0, 0, 0, 0)", "EPERM"},
    {"clone3", "result = call(435, b'\\0' * 64, 64)", "ENOSYS"},
    {"setns user", "result = call(308, os.open('/proc/self/ns/user', os.O_RDONLY), 0x10000000)",
     "EPERM"},
    {"setns mnt", "result = call(308, os.open('/proc/self/ns/mnt', os.O_RDONLY), 0x20000)",
     "EPERM"},
    {"setns any", "result = call(308, os.open('/proc/self/ns/mnt', os.O_RDONLY), 0)",
     "EPERM|ENOSYS"},
    {"setns several by pidfd", "result = call(308, os.pidfd_open(os.getpid()), 0x10020000)",
     "EPERM|ENOSYS"},
    {"ptrace", "result = call(101, 16, 1, 0, 0)", "EPERM"},
    {"ptrace traceme", "result = call(101, 0, 0, 0, 0)", "EPERM"},
    {"process_vm_readv", "result = call(310, 1, 0, 0, 0, 0, 0)", "EPERM"},
    {"process_vm_writev", "result = call(311, 1, 0, 0, 0, 0, 0)", "EPERM"},
    {"pidfd_getfd", "result = call(438, os.pidfd_open(os.getpid()), 0, 0)", "EPERM"},
    {"kcmp", "result = call(312, 1, 1, 0, 0, 0)", "EPERM"},
    {"bpf", "result = call(321, 0, b'\\0' * 128, 128)", "EPERM"},
    {"perf_event_open", "result = call(298, b'\\0' * 128, 0, -1, -1, 0)", "EPERM"},
    {"userfaultfd", "result = call(323, 1)", "EPERM"},
    {"io_uring", "result = call(425, 8, b'\\0' * 128)", "ENOSYS"},
    {"keyctl", "result = call(250, 1, 0, 0, 0, 0)", "EPERM"},
    {"add_key", "result = call(248, b'user', b'x', b'y', 1, -3)", "EPERM"},
    {"request_key", "result = call(249, b'user', b'x', 0, 0)", "EPERM"},
    {"init_module", "result = call(175, b'x', 1, b'')", "EPERM"},
    {"finit_module", "result = call(313, 0, b'', 0)", "EPERM"},
    {"kexec_load", "result = call(246, 0, 0, 0, 0)", "EPERM"},
    {"kexec_file_load", "result = call(320, 0, 0, 0, b'', 0)", "EPERM"},
    {"reboot", "result = call(169, 0xfee1dead, 672274793, 0x89abcdef, 0)", "EPERM"},
    {"swapon", "result = call(167, b'/tmp/x', 0)", "EPERM"},
    {"acct", "result = call(163, b'/tmp/x')", "EPERM"},
    {"quotactl", "result = call(179, 0, b'x', 0, 0)", "EPERM"},
    {"syslog", "result = call(103, 3, 0, 0)", "EPERM"},
    {"settimeofday", "result = call(164, 0, 0)", "EPERM"},
    {"clock_settime", "result = call(227, 0, b'\\0' * 16)", "EPERM"},
    {"adjtimex", "result = call(159, b'\\0' * 256)", "EPERM"},
    {"sethostname", "result = call(170, b'x', 1)", "EPERM"},
    {"iopl", "result = call(172, 3)", "EPERM"},
    {"ioperm", "result = call(173, 0, 1, 1)", "EPERM"},
    {"modify_ldt", "result = call(154, 0, 0, 0)", "EPERM"},
    {"personality", "result = call(135, 0x0040000)", "EPERM|ENOSYS"},
    {"open_by_handle_at", "result = call(304, 0, b'\\0' * 64, 0)", "EPERM"},
    {"fanotify_init", "result = call(300, 0, 0)", "EPERM"},
    {"a call that nobody knows", "result = call(1000)", "ENOSYS"},
    {"packet socket", "result = attempt(lambda: socket.socket(17, 3))", "EAFNOSUPPORT"},
    {"vsock", "result = attempt(lambda: socket.socket(40, 1))", "EAFNOSUPPORT"},
    {"alg socket", "result = attempt(lambda: socket.socket(38, 5))", "EAFNOSUPPORT"},
    {"raw socket", "result = attempt(lambda: socket.socket(2, 3, 1))", "EPERM|EACCES"},
    {"netfilter netlink", "result = attempt(lambda: socket.socket(16, 3, 12))", "EAFNOSUPPORT"},
    {"route netlink", "result = attempt(lambda: socket.socket(16, 3, 0) and 1)", "OK 1"},
    {"terminal input", "result = call(16, 0, 0x5412, b'x')", "EPERM"},
    {"terminal input, upper bits", "result = call(16, 0, 0x100005412, b'x')", "EPERM"},
    {"lingering sockets",
     "s = socket.socket(); s.setsockopt(1, 13, struct.pack('ii', 1, 1000)); "
     "result = struct.unpack('ii', s.getsockopt(1, 13, 8))",
     "\\(0, 0\\)"},
    {"reaping others' orphans", "result = call(157, 36, 1, 0, 0, 0)", "EPERM"},
    {"many processes, no signal out", "result = attempt(lambda: os.kill(1, 0))", "OK None|EPERM"},
    // Another architecture's calls would not be what the filter thinks that they are: 32-bit getpid
    // by int 0x80.
    {"32-bit calls",
     "import mmap, signal\n"
     "child = os.fork()\n"
     "if child == 0:\n"
     "    page = mmap.mmap(-1, 4096, prot=7)\n"
     "    page.write(b'\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3')\n"
     "    ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()\n"
     "    os._exit(0)\n"
     "result = os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGSYS",
     "True"},
    // What programs need still works.
    {"threads",
     "import threading; t = threading.Thread(target=lambda: None); t.start(); t.join(); result = "
     "'OK'",
     "OK"},
    {"subprocess",
     "import subprocess; result = subprocess.run(['id', '-un'], capture_output=True).stdout",
     "b'sbx_user1051\\\\n'"},
    {"names", "result = socket.gethostbyname('localhost')", "127.0.0.1"},
    {"shared memory", "from multiprocessing import Lock; result = Lock().acquire()", "True"},
    {"time zone", "import time; result = time.localtime().tm_year > 2000", "True"},
};

// Those that are open but for the listing's own.
constexpr const char* kDescriptors =
    "sorted(f for f in __import__('os').listdir('/proc/self/fd') if "
    "__import__('os').path.exists('/proc/self/fd/' + f)"
    " or __import__('os').path.lexists('/proc/self/fd/' + f))";

class Isolation : public PythonTest {
 protected:
  static void attack(Guest& guest, const std::string& where) {
    for (const Attack& each : kAttacks) {
      const std::string answer = guest.run(std::string(kTools) + each.code);
      EXPECT_TRUE(std::regex_match(answer, std::regex(each.expected)))
          << each.name << " " << where << ": " << answer << ", expected " << each.expected;
    }
  }
};

TEST_F(Isolation, OfATemplateInItsInit) {
  auto guest = start(spec());
  ASSERT_TRUE(guest);
  EXPECT_EQ(guest->value(kDescriptors), "['0', '1', '2', '3', '4']");
  attack(*guest, "in INIT");
}

TEST_F(Isolation, OfAClone) {
  auto parent = start(spec());
  ASSERT_TRUE(parent);
  parent->wait_for_clones();
  auto guest = clone(*parent);
  ASSERT_TRUE(guest);
  EXPECT_EQ(guest->value(kDescriptors), "['0', '1', '2', '3']");
  attack(*guest, "in a clone");
}

TEST_F(Isolation, OfACloneInAnIsolatedNetwork) {
  SandboxSpec isolated = spec();
  isolated.network = Network::isolated;
  auto parent = start(isolated);
  ASSERT_TRUE(parent);
  attack(*parent, "in INIT, isolated");
  parent->wait_for_clones();
  auto guest = clone(*parent);
  ASSERT_TRUE(guest);
  attack(*guest, "in a clone, isolated");
}

TEST_F(Isolation, InitCannotBeKilledFromInside) {
  auto parent = start(spec());
  ASSERT_TRUE(parent);
  parent->run("import os, signal\ntry: os.kill(1, signal.SIGKILL)\nexcept PermissionError: pass");
  EXPECT_EQ(parent->value("1 + 1"), "2");
  parent->wait_for_clones();
  auto child = clone(*parent);
  ASSERT_TRUE(child);
  child->run("import os, signal\ntry: os.kill(1, signal.SIGKILL)\nexcept PermissionError: pass");
  child->run("import os, signal\ntry: os.kill(1, signal.SIGSTOP)\nexcept PermissionError: pass");
  EXPECT_EQ(child->value("1 + 1"), "2");
}

// Users outside, by the argument that marks a process.
std::set<std::string> outside_users(const std::string& marker) {
  std::set<std::string> users;
  std::unique_ptr<DIR, int (*)(DIR*)> folder{::opendir("/proc"), ::closedir};
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string process = std::string("/proc/") + entry->d_name;
    // Processes end while /proc is read: what is not there is not meant.
    if (read_file(process + "/cmdline").value_or("").find(marker) == std::string::npos) continue;
    const std::string status = read_file(process + "/status").value_or("");
    for (std::string_view line : base::split(status, '\n')) {
      if (line.starts_with("Uid:")) users.emplace(line);
    }
  }
  return users;
}

TEST_F(Isolation, EachFunctionHasAUserOfItsOwn) {
  if (::geteuid() != 0) GTEST_SKIP() << "not root: all functions have the daemon's user outside";
  SandboxSpec one = spec(), two = spec();
  const std::string marker = "marker-" + std::to_string(::getpid());
  one.argv.push_back(marker + "-one");
  two.argv.push_back(marker + "-two");
  auto first = start(one), second = start(two);
  ASSERT_TRUE(first && second);
  const auto first_users = outside_users(marker + "-one"),
             second_users = outside_users(marker + "-two");
  ASSERT_EQ(first_users.size(), 1U);
  ASSERT_EQ(second_users.size(), 1U);
  EXPECT_NE(*first_users.begin(), *second_users.begin());
  EXPECT_GE(std::stoul(first_users.begin()->substr(5)), 0x60000000U) << *first_users.begin();
  first->wait_for_clones();
  auto child = clone(*first);
  ASSERT_TRUE(child);
  EXPECT_EQ(outside_users(marker + "-one"), first_users);
}

TEST_F(Isolation, AbstractSocketsOutsideAreOutOfReach) {
  if (!in_force(*warden_, "abstract unix sockets"))
    GTEST_SKIP() << "no Landlock scopes in this kernel";
  base::UniqueFd outside{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "mayfly-test-" + std::to_string(::getpid());
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  ASSERT_EQ(::bind(outside.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(outside.get(), 1), 0);
  const std::string connect = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('\\0" +
                              name + "'); result = 'connected'";
  auto parent = start(spec());
  ASSERT_TRUE(parent);
  EXPECT_EQ(parent->run(connect), "PermissionError: [Errno 1] Operation not permitted");
  // Its own are not.
  EXPECT_EQ(
      parent->run("import socket; a = socket.socket(socket.AF_UNIX); a.bind('\\0own'); a.listen(); "
                  "b = socket.socket(socket.AF_UNIX); b.connect('\\0own'); a.close(); result = "
                  "'connected'"),
      "connected");
  parent->wait_for_clones();
  auto child = clone(*parent);
  ASSERT_TRUE(child);
  EXPECT_EQ(child->run(connect), "PermissionError: [Errno 1] Operation not permitted");
}

TEST_F(Isolation, AForkBombStaysInside) {
  if (!in_force(*warden_, "process limit")) GTEST_SKIP() << "no cgroups: no process limit";
  SandboxSpec bomb = shell("bomb() { bomb | bomb & }; bomb; sleep 1000");
  bomb.limits.pids = 64;
  bomb.limits.cpus = 0.2;
  auto started = warden_.start(bomb);
  ASSERT_TRUE(started) << started.error().message;
  auto beside = start(spec());
  ASSERT_TRUE(beside);
  EXPECT_EQ(beside->value("1 + 1"), "2");
  warden_->kill(started->id);
  EXPECT_TRUE(warden_.exit_of(started->id));
}

TEST_F(Isolation, AForkBombInACloneStaysInside) {
  if (!in_force(*warden_, "process limit")) GTEST_SKIP() << "no cgroups: no process limit";
  auto parent = start(spec());
  ASSERT_TRUE(parent);
  parent->wait_for_clones();
  Limits limits;
  limits.pids = 64;
  auto bomb = clone(*parent, limits), beside = clone(*parent);
  ASSERT_TRUE(bomb && beside);
  bomb->send("import os\nwhile True:\n  try: os.fork()\n  except OSError: pass");
  EXPECT_EQ(beside->value("1 + 1"), "2");
  EXPECT_TRUE(clone(*parent));
  warden_->kill(bomb->id());
  EXPECT_TRUE(warden_.exit_of(bomb->id()));
}

TEST_F(Isolation, AMemoryEaterIsKilledAndSaidToBeOutOfMemory) {
  if (!in_force(*warden_, "memory limit")) GTEST_SKIP() << "no cgroups: no memory limit";
  SandboxSpec eater = spec();
  eater.limits.memory_bytes = 64 << 20;
  auto guest = start(eater);
  ASSERT_TRUE(guest);
  guest->send("x = bytearray(200 << 20)");
  auto exit = warden_.exit_of(guest->id());
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_TRUE(exit->out_of_memory);
  EXPECT_GT(exit->usage.peak_memory_bytes, 40 << 20);
  EXPECT_LE(exit->usage.peak_memory_bytes, 64 << 20);
}

TEST_F(Isolation, TmpIsLimitedInBytesAndInFiles) {
  SandboxSpec small = spec();
  small.limits.tmp_bytes = 4 << 20;
  small.limits.memory_bytes = 512 << 20;
  auto guest = start(small);
  ASSERT_TRUE(guest);
  EXPECT_EQ(guest->run("open('/tmp/big', 'wb').write(bytes(8 << 20))"),
            "OSError: [Errno 28] No space left on device");
  guest->run("import os; os.remove('/tmp/big')");
  EXPECT_EQ(guest->run("for i in range(100000): open(f'/tmp/{i}', 'w').close()")
                .find("OSError: [Errno 28]"),
            0U);
}

TEST_F(Isolation, OpenFilesAreLimited) {
  auto guest = start(spec());
  ASSERT_TRUE(guest);
  EXPECT_EQ(guest->run("import os\nkept = [os.open('/dev/null', 0) for _ in range(2000)]"),
            "OSError: [Errno 24] Too many open files: '/dev/null'");
}

TEST_F(Isolation, UninvitedCallsDoNotOccupyTheWarden) {
  auto guest = start(spec());
  ASSERT_TRUE(guest);
  const std::string answers =
      guest->run(std::string(kTools) +
                 "fd = os.open('/proc/self/ns/user', os.O_RDONLY)\n"
                 "answers = [call(308, fd, 0x10000000) for _ in range(300)]\n"
                 "result = (answers[0], answers[-1])");
  EXPECT_EQ(answers, "('EPERM', 'ENOSYS')");
  // It does not go to wait for clones: its channel for that is closed, so it might end first.
  auto refused = warden_.clone(guest->id());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("uninvited"), std::string::npos)
      << refused.error().message;
}

// A template that speaks the clone protocol itself, against the rules: it enters the namespaces but
// forks nothing of what is expected, and tries to use the power that it has there.
TEST_F(Isolation, ATemplateThatCheatsGainsNothing) {
  auto guest = start(spec());
  ASSERT_TRUE(guest);
  guest->send(std::string(kTools) + R"(
import array, socket, struct
channel = socket.socket(fileno=4)
def order(kind, value=0): return struct.pack('IiII32s', kind, value, 0, 0, b'')
channel.send(order(1))
data, ancillary, _, _ = channel.recvmsg(64, 256)
fds = array.array('i'); fds.frombytes(ancillary[0][2])
child = os.fork()
if child == 0:
    stand_by = socket.socket(fileno=fds[0])
    out = [call(308, fds[1], 0x10000000), call(308, fds[2], 0x20000)]
    out += [call(165, b'x', b'/tmp', b'tmpfs', 0, 0), call(272, 0x20000), call(166, b'/proc', 2),
            call(101, 16, 1, 0, 0), call(321, 0, b'\0' * 128, 128), call(56, 0x10000000 | 17, 0, 0, 0, 0)]
    out.append(attempt(lambda: open('/proc/1/mem', 'rb').read(1)))
    out.append(attempt(lambda: open('/proc/sys/kernel/core_pattern', 'w').write('x')))
    out.append(attempt(lambda: os.mknod('/tmp/sda', 0o60666, os.makedev(8, 0))))
    out.append(attempt(lambda: socket.socket(17, 3)))
    out.append(attempt(lambda: open('/usr/x', 'w')))
    open('/tmp/out', 'w') if False else os.write(1, (' '.join(out) + '\n').encode())
    os._exit(0)
os.waitpid(child, 0)
result = 'done'
)");
  EXPECT_EQ(read_frame(guest->started.control.get()).second, "done");
  guest->started.control.reset();
  const std::string output = read_all(guest->started.output.get());
  EXPECT_TRUE(std::regex_match(
      output, std::regex("OK OK EPERM EPERM EPERM EPERM EPERM EPERM (EACCES|EPERM) "
                         "(EACCES|EPERM) EPERM EAFNOSUPPORT (EROFS|EACCES)\\s*")))
      << output;
}

// It answers every order as a stand-by would, but names the nest's own first process as its clone.
TEST_F(Isolation, ATemplateThatLiesAboutItsClonesIsStillEndedAndToldOf) {
  auto guest = start(spec());
  ASSERT_TRUE(guest);
  guest->send(std::string(kTools) + R"(
import array, socket, struct, threading
channel = socket.socket(fileno=4)
def order(kind, value=0): return struct.pack('<IiII32s', kind, value, 0, 0, b'')
def inits(): return [int(p) for p in os.listdir('/proc') if p.isdigit() and int(p) > 2 and
                     open('/proc/' + p + '/comm').read() == 'mayfly-init\n']
def lie():
    channel.send(order(1))
    while True:
        data, ancillary, _, _ = channel.recvmsg(64, 256)
        if not data: return
        fds = array.array('i'); fds.frombytes(ancillary[0][2])
        if os.fork() == 0:
            stand_by = socket.socket(fileno=fds[0])
            stand_by.send(order(3))
            stand_by.recvmsg(64, 256)
            stand_by.send(order(5, max(inits())))
            os._exit(0)
        for fd in fds: os.close(fd)
threading.Thread(target=lie, daemon=True).start()
)");
  EXPECT_EQ(read_frame(guest->started.control.get()).first, 'r');
  auto child = warden_.clone(guest->id());
  ASSERT_TRUE(child) << child.error().message;
  warden_->kill(child->id);
  EXPECT_TRUE(warden_.exit_of(child->id));
  warden_->kill(guest->id());
  EXPECT_TRUE(warden_.exit_of(guest->id()));
}

TEST_F(Isolation, WordsOutOfTurnDoNotOccupyTheWarden) {
  auto guest = start(spec());
  ASSERT_TRUE(guest);
  guest->run(
      "import socket; channel = socket.socket(fileno=4)\n"
      "try:\n  for i in range(100000): channel.send(b'x' * 48)\nexcept OSError: pass");
  auto refused = warden_.clone(guest->id());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("clone channel"), std::string::npos)
      << refused.error().message;
}

TEST_F(Isolation, TheDaemonIsSentNoDescriptors) {
  auto guest = start(spec());
  ASSERT_TRUE(guest);
  const int off = 0;
  base::UniqueFd probe{::socket(AF_UNIX, SOCK_STREAM, 0)};
  if (::setsockopt(probe.get(), SOL_SOCKET, 83, &off, sizeof off) != 0) {
    GTEST_SKIP() << "SO_PASSRIGHTS needs Linux 6.16";
  }
  for (const char* fd : {"3", "4"}) {
    EXPECT_EQ(
        guest->run(std::string("import socket, array; s = socket.socket(fileno=") + fd + "); \n" +
                   "try: s.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, "
                   "array.array('i', [0]))])\n"
                   "finally: s.detach()"),
        "PermissionError: [Errno 1] Operation not permitted")
        << fd;
  }
}

}  // namespace
}  // namespace mayfly::sandbox
