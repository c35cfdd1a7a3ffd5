"""Two functions attack each other, the daemon and the machine by the ways that the Linux manual names.

Each attack runs in every form that a function's process has, in both network profiles. "allowed" is what no attack may be.
"""

import ctypes
import os
import socket
import subprocess

import pytest

from security.conftest import SECRET
from harness.packages import SymLink, zip_of

libc = ctypes.CDLL(None, use_errno=True)


def none_allowed(found):
    assert {name: result for name, result in found.items() if result == "allowed"} == {}


def kernel_before(major, minor):
    return tuple(int(part) for part in os.uname().release.split(".")[:2]) < (major, minor)


# --- processes ----------------------------------------------------------------------------------------------------


@pytest.fixture
def host_process():
    """A process of the machine, with something to hide in its environment."""
    process = subprocess.Popen(["sleep", "600"], env={"SECRET": SECRET})
    yield process
    assert process.poll() is None, "a function ended a process of the machine"
    process.kill()
    process.wait()


def test_other_processes_are_out_of_reach(ground, host_process):
    found = ground.attacker("""
        own = {int(name) for name in os.listdir("/proc") if name.isdigit()}
        found = {}
        for pid in given:
            if pid in own:
                continue  # a number of its own namespace
            found[f"see {pid}"] = attempt(lambda: os.listdir(f"/proc/{pid}"))
            found[f"signal {pid}"] = attempt(lambda: os.kill(pid, 0))
            found[f"stop {pid}"] = attempt(lambda: os.kill(pid, signal.SIGSTOP))
            found[f"group {pid}"] = attempt(lambda: os.killpg(pid, 0))
            found[f"queue {pid}"] = syscall(129, pid, 0, b"\\0" * 128)
            found[f"pidfd {pid}"] = syscall(434, pid, 0)
            found[f"ptrace {pid}"] = syscall(101, 16, pid, 0, 0)
            found[f"seize {pid}"] = syscall(101, 0x4206, pid, 0, 0)
            found[f"read {pid}"] = syscall(310, pid, 0, 0, 0, 0, 0)
            found[f"write {pid}"] = syscall(311, pid, 0, 0, 0, 0, 0)
            found[f"prlimit {pid}"] = attempt(lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (1, 1)))
            found[f"affinity {pid}"] = attempt(lambda: os.sched_setaffinity(pid, {0}))
            found[f"priority {pid}"] = attempt(lambda: os.setpriority(os.PRIO_PROCESS, pid, 19))
            found[f"ioprio {pid}"] = syscall(251, 1, pid, 3 << 13)
            found[f"kcmp {pid}"] = syscall(312, pid, os.getpid(), 0, 0, 0)
            found[f"move pages {pid}"] = syscall(279, pid, 0, 0, 0, 0, 0)
    """, [host_process.pid, ground.daemon.process.pid, os.getpid(), 1 << 21])
    assert len(found) >= 16
    none_allowed(found)


def test_init_keeps_its_secrets(ground):
    """Pid 1 inside is a fork of the warden."""
    found = ground.attacker("""
        found = {}
        for name in ("environ", "mem", "maps", "auxv", "stack", "syscall", "personality"):
            found[name] = attempt(lambda: open("/proc/1/" + name, "rb").read(1) or None)
        for name in ("root", "cwd", "fd", "map_files", "ns", "task/1/fd"):
            found[name] = attempt(lambda: os.listdir("/proc/1/" + name + "/"))
        for name in os.listdir("/proc/self/ns"):
            found["ns " + name] = attempt(lambda: os.open("/proc/1/ns/" + name, os.O_RDONLY))
        found["write mem"] = attempt(lambda: open("/proc/1/mem", "rb+"))
        found["ptrace"] = syscall(101, 16, 1, 0, 0)
        found["pidfd_getfd"] = syscall(438, os.pidfd_open(1), 0, 0)
        found["oom score"] = attempt(lambda: write("/proc/1/oom_score_adj", "1000"))
        found["uid map"] = attempt(lambda: write("/proc/1/uid_map", "0 0 1"))
        found["cmdline"] = open("/proc/1/cmdline", "rb").read().decode()
    """)
    command = found.pop("cmdline")  # empty, or the zygote's
    assert "serve" not in command and str(ground.daemon.data) not in command
    found.pop("ns", None)  # names that are the same for every process; their targets are what counts
    none_allowed({name: result for name, result in found.items() if not name.startswith("fd ")})


def test_killing_everything_kills_itself_only(ground, host_process):
    outcome = ground.attacker.outcome("""
        if os.fork() == 0:
            os.setsid()
            os.kill(-1, signal.SIGKILL)
        time.sleep(20)
    """)
    assert outcome.error == "Unhandled" and "signal: killed" in outcome.text, outcome
    assert ground.victim("found = os.environ['SECRET']") == SECRET
    assert ground.attacker("found = 1") == 1
    assert ground.daemon.alive() and ground.daemon.healthy()


# --- memory and messages --------------------------------------------------------------------------------------------


def test_nothing_is_shared_between_processes_of_two_functions(ground):
    """System V and POSIX shared memory, semaphores, queues; Unix sockets with and without a path; what memfd names."""
    mark = f"mark-{os.getpid()}-{ground.form}"
    key = 0x4D410000 + os.getpid() % 0xFFFF
    host = socket.socket(socket.AF_UNIX)
    host.bind("\0host-" + mark)
    host.listen()
    host_segment = libc.shmget(key + 1, 4096, 0o1666)
    host_file = f"/dev/shm/host-{mark}"
    open(host_file, "w").close()
    try:
        ground.victim("""
            kept["shm"] = libc.shmget(given["key"], 4096, 0o1666)
            kept["sem"] = libc.semget(given["key"], 1, 0o1666)
            kept["msg"] = libc.msgget(given["key"], 0o1666)
            write("/dev/shm/" + given["mark"])
            kept["abstract"] = socket.socket(socket.AF_UNIX)
            kept["abstract"].bind("\\0" + given["mark"])
            kept["abstract"].listen()
            kept["path"] = socket.socket(socket.AF_UNIX)
            kept["path"].bind("/tmp/" + given["mark"])
            kept["path"].listen()
            os.mkfifo("/tmp/fifo-" + given["mark"])
            kept["memfd"] = os.memfd_create(given["mark"])
        """, {"key": key, "mark": mark})
        found = ground.attacker("""
            mark, key = given["mark"], given["key"]
            def number(value):
                if value < 0: raise OSError(ctypes.get_errno(), "")
            found = {}
            for name, wanted in (("victim", key), ("host", key + 1)):
                found[name + " shm"] = attempt(lambda: number(libc.shmget(wanted, 0, 0)))
                found[name + " sem"] = attempt(lambda: number(libc.semget(wanted, 0, 0)))
                found[name + " msg"] = attempt(lambda: number(libc.msgget(wanted, 0)))
            for kind in ("shm", "sem", "msg"):
                if len(open("/proc/sysvipc/" + kind).readlines()) > 1: found[kind + " table"] = "allowed"
            for name in ("\\0" + mark, "\\0host-" + mark, "/tmp/" + mark):
                for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM):
                    found[f"connect {name!r} {int(kind)}"] = attempt(lambda: socket.socket(socket.AF_UNIX, kind).connect(name))
                found[f"send to {name!r}"] = attempt(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"x", name))
            for name in (mark, "host-" + mark):
                found["/dev/shm/" + name] = attempt(lambda: open("/dev/shm/" + name))
                found["queue " + name] = attempt(lambda: number(libc.mq_open(b"/" + name.encode(), 0)))
            found["fifo"] = attempt(lambda: os.open("/tmp/fifo-" + mark, os.O_RDONLY | os.O_NONBLOCK))
            for link in glob.glob("/proc/[0-9]*/fd/*"):
                if attempt(lambda: os.readlink(link)) == "allowed" and mark in os.readlink(link): found[link] = "allowed"
        """, {"key": key, "mark": mark})
        if ground.network == "host" and kernel_before(6, 12):
            found = {name: result for name, result in found.items() if "\\x00" not in name}  # status names it as missing
        none_allowed(found)
    finally:
        libc.shmctl(host_segment, 0, None)
        os.unlink(host_file)
        host.close()


def test_key_rings(ground):
    found = ground.attacker("""
        found = {"add_key": syscall(248, b"user", b"x", b"y", 1, -3), "request_key": syscall(249, b"user", b"x", 0, -3)}
        for command in range(0, 33):
            found[f"keyctl {command}"] = syscall(250, command, -3, 0, 0, 0)
    """)
    none_allowed(found)


# --- privileges -----------------------------------------------------------------------------------------------------


def test_set_user_files_give_nothing(ground):
    found = ground.attacker("""
        import shutil
        shutil.copy("/usr/bin/id", "/tmp/id")
        os.chmod("/tmp/id", 0o6755)
        def id_of(*command):
            return subprocess.run(command, capture_output=True, text=True).stdout
        found = {"own": id_of("/usr/bin/id"), "set": id_of("/tmp/id"), "setuid of the machine": {}}
        for path in glob.glob("/usr/bin/*") + glob.glob("/usr/sbin/*") + glob.glob("/usr/lib/*/ssh-keysign"):
            mode = attempt(lambda: os.stat(path)) == "allowed" and os.stat(path).st_mode
            if mode and stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID):
                # The auxiliary vector tells whether the kernel took the execution for a privileged one.
                child = subprocess.Popen([path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                uids = attempt(lambda: open(f"/proc/{child.pid}/status").read())
                if uids == "allowed":
                    for line in attempt(lambda: None) and open(f"/proc/{child.pid}/status"):
                        if line.startswith(("Uid:", "Gid:")) and len(set(line.split()[1:])) != 1: found["setuid of the machine"][path] = line
                child.kill(); child.wait()
        found["capability"] = attempt(lambda: os.setxattr("/tmp/id", "security.capability", bytes.fromhex("0100000200040000000000000000000000000000")))
        found["trusted"] = attempt(lambda: os.setxattr("/tmp/id", "trusted.x", b"x"))
        found["chown"] = attempt(lambda: os.chown("/tmp/id", 0, 0))
    """)
    assert found.pop("own") == found.pop("set")
    assert found.pop("setuid of the machine") == {}
    none_allowed(found)


def test_no_device_is_made_or_found(ground):
    found = ground.attacker("""
        found = {}
        for name, kind, major, minor in (("mem", stat.S_IFCHR, 1, 1), ("kmsg", stat.S_IFCHR, 1, 11), ("disk", stat.S_IFBLK, 8, 0), ("vda", stat.S_IFBLK, 254, 0),
                                         ("null", stat.S_IFCHR, 1, 3), ("tty", stat.S_IFCHR, 5, 0)):
            for folder in ("/tmp/", "/dev/shm/", "/dev/"):
                found[folder + name] = attempt(lambda: os.mknod(folder + name, kind | 0o666, os.makedev(major, minor)))
        for path in ("/dev/mem", "/dev/kmem", "/dev/port", "/dev/kmsg", "/dev/fuse", "/dev/kvm", "/dev/net/tun", "/dev/loop-control", "/dev/loop0", "/dev/sda", "/dev/vda",
                     "/dev/tty", "/dev/ptmx", "/dev/pts/0", "/dev/console", "/dev/cuse", "/dev/userfaultfd", "/dev/vhost-net", "/dev/snapshot", "/dev/hpet"):
            found["open " + path] = attempt(lambda: os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        found["entries"] = ",".join(sorted(set(os.listdir("/dev")) - set("fd full null random shm stderr stdin stdout urandom zero".split()))) or "none"
        found["terminal input"] = syscall(16, 0, 0x5412, b"x")
        found["terminal input, upper bits"] = syscall(16, 0, 0x100005412, b"x")
        found["console paste"] = syscall(16, 0, 0x541C, b"x")
        found["controlling terminal"] = syscall(16, 0, 0x540E, 0)
    """)
    assert found.pop("entries") == "none"
    none_allowed(found)


# Numbers of x86-64, with arguments that would be good ones for a privileged caller.
PRIVILEGED = {
    "mount": (165, "b'none'", "b'/tmp'", "b'tmpfs'", 0, 0), "mount bind": (165, "b'/'", "b'/tmp'", 0, 4096, 0),
    "remount": (165, 0, "b'/usr'", 0, 32 | 4096, 0), "umount": (166, "b'/tmp'", 2), "umount proc": (166, "b'/proc'", 2),
    "pivot_root": (155, "b'/tmp'", "b'/tmp'"), "chroot": (161, "b'/tmp'"),
    "open_tree": (428, -100, "b'/'", 1), "open_tree_attr": (467, -100, "b'/'", 1, 0, 0), "move_mount": (429, -100, "b'/usr'", -100, "b'/tmp'", 0),
    "fsopen": (430, "b'tmpfs'", 0), "fsconfig": (431, 0, 6, 0, 0, 0), "fsmount": (432, 0, 0, 0), "fspick": (433, -100, "b'/'", 0),
    "mount_setattr": (442, -100, "b'/'", 0, "bytes(32)", 32), "statmount": (457, "bytes(32)", "bytes(512)", 512, 0), "listmount": (458, "bytes(32)", "bytes(512)", 8, 0),
    "unshare user": (272, 0x10000000), "unshare mount": (272, 0x20000), "unshare pid": (272, 0x20000000), "unshare net": (272, 0x40000000),
    "unshare ipc": (272, 0x8000000), "unshare uts": (272, 0x4000000), "unshare cgroup": (272, 0x2000000), "unshare time": (272, 0x80),
    "clone user": (56, 0x10000011, 0, 0, 0, 0), "clone mount": (56, 0x20011, 0, 0, 0, 0), "clone net": (56, 0x40000011, 0, 0, 0, 0),
    "clone cgroup": (56, 0x2000011, 0, 0, 0, 0), "clone3": (435, "struct.pack('11Q', 0x10000000, *[0] * 3, 17, *[0] * 6)", 88),
    "setns mount": (308, "os.open('/proc/self/ns/mnt', os.O_RDONLY)", 0x20000), "setns user": (308, "os.open('/proc/self/ns/user', os.O_RDONLY)", 0x10000000),
    "setns net": (308, "os.open('/proc/self/ns/net', os.O_RDONLY)", 0x40000000), "setns by pidfd": (308, "os.pidfd_open(os.getpid())", 0x20000),
    "setns of init": (308, "os.pidfd_open(1)", 0x10000000),
    "io_uring_setup": (425, 8, "bytes(120)"), "io_uring_enter": (426, 0, 0, 0, 0, 0), "io_uring_register": (427, 0, 0, 0, 0),
    "bpf map": (321, 0, "struct.pack('5I', 1, 4, 4, 1, 0) + bytes(100)", 120), "perf_event_open": (298, "struct.pack('II', 1, 128) + bytes(120)", 0, -1, -1, 0),
    "userfaultfd": (323, 1), "kexec_load": (246, 0, 0, 0, 0), "kexec_file_load": (320, 0, -1, 0, "b''", 0),
    "init_module": (175, "b'x'", 1, "b''"), "finit_module": (313, 0, "b''", 0), "delete_module": (176, "b'x'", 0),
    "reboot": (169, 0xFEE1DEAD, 672274793, 0, 0), "swapon": (167, "b'/tmp/x'", 0), "swapoff": (168, "b'/tmp/x'"), "acct": (163, "b'/tmp/x'"),
    "sethostname": (170, "b'x'", 1), "setdomainname": (171, "b'x'", 1), "settimeofday": (164, "bytes(16)", 0), "clock_settime": (227, 0, "bytes(16)"),
    "adjtimex": (159, "b'\\x01' + bytes(207)"), "syslog": (103, 3, "bytes(64)", 64), "iopl": (172, 3), "ioperm": (173, 0x80, 1, 1), "modify_ldt": (154, 0, "bytes(64)", 64),
    "open_by_handle_at": (304, -100, "struct.pack('II', 8, 1) + bytes(8)", 0), "fanotify_init": (300, 0, 0), "quotactl": (179, 0x80000100, 0, 0, 0), "quotactl_fd": (443, 0, 0, 0, 0),
    "process_madvise": (440, -1, 0, 0, 4, 0), "process_mrelease": (448, -1, 0), "pidfd_getfd": (438, "os.pidfd_open(os.getpid())", 0, 0), "memfd_secret": (447, 0),
    "personality": (135, 0x40000), "vmsplice": (278, 1, 0, 0, 0), "landlock, more": (444, 1, 1, 2), "lsm_set_self_attr": (460, 100, "bytes(32)", 32, 0),
    "map_shadow_stack": (453, 0, 4096, 0), "subreaper": (157, 36, 1, 0, 0, 0),
    "no such call": (1000,),
}


def test_privileged_system_calls(ground):
    calls = "\n".join(f"found[{name!r}] = syscall({', '.join(map(str, arguments))})" for name, arguments in PRIVILEGED.items())
    found = ground.attacker("found = {}\n" + calls)
    # EFAULT and EBADF would say that the kernel got as far as looking at the arguments.
    assert {name: result for name, result in found.items() if result not in ("EPERM", "EACCES", "ENOSYS", "EINVAL")} == {}


def test_calls_of_another_architecture_end_the_caller(ground):
    """By int 0x80 the numbers mean other calls than the filter thinks; x32 has numbers of its own."""
    found = ground.attacker("""
        def attack_by_interrupt():
            page = mmap.mmap(-1, 4096, prot=7)
            page.write(b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3")
            ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
        found = [in_child(attack_by_interrupt), in_child(lambda: syscall(0x40000000 + 39)), in_child(lambda: syscall(0x40000000 + 521, 16, 1, 0, 0))]
    """)
    assert found == [[0, 31]] * 3  # SIGSYS


def test_a_function_is_neither_preferred_nor_protected(ground):
    """By the scheduler, and where the machine runs out of memory; whatever the daemon was given by who started it."""
    found = ground.attacker("""
        found = {"fifo": attempt(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))), "round robin": attempt(lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))),
                 "deadline": syscall(314, 0, struct.pack("IIQiIQQQ", 48, 6, 0, 0, 0, 10**6, 10**7, 10**7), 0), "nice": attempt(lambda: os.nice(-1)),
                 "real-time io": syscall(251, 1, 0, 1 << 13), "score": open("/proc/self/oom_score_adj").read().strip(),
                 "protected": attempt(lambda: write("/proc/self/oom_score_adj", "-1"))}
    """)
    assert int(found.pop("score")) >= 500
    none_allowed(found)


def test_system_settings_are_read_only(ground):
    """Every file of /proc/sys and those of /proc that administer, opened for writing."""
    found = ground.attacker("""
        found = {}
        for folder, _, names in os.walk("/proc/sys"):
            for name in names:
                path = os.path.join(folder, name)
                text = open(path, "rb").read(4096) if attempt(lambda: open(path, "rb").read(1)) == "allowed" else b"0"
                result = attempt(lambda: os.write(os.open(path, os.O_WRONLY), text))
                if result == "allowed": found[path] = result
        for path in ("sysrq-trigger", "kcore", "kmsg", "kallsyms_x", "mtrr", "acpi/wakeup", "irq/0/smp_affinity", "timer_list_x", "bus/pci/devices", "self/uid_map", "self/gid_map",
                     "self/setgroups", "self/timens_offsets", "self/attr/current", "self/attr/exec"):
            found[path] = attempt(lambda: os.write(os.open("/proc/" + path, os.O_WRONLY), b"0 0 1"))
        found["less likely to be killed"] = attempt(lambda: write("/proc/self/oom_score_adj", "-1000"))
        found["sys"] = attempt(lambda: os.listdir("/sys/fs/cgroup"))
        for root, folders, files in os.walk("/"):
            if root == "/proc": folders[:] = ["self", "sys"]
            if root in ("/usr", "/lib", "/proc/self/task"): folders.clear()
            for name in {"release_agent", "cgroup.procs", "notify_on_release", "uevent_helper", "binfmt_misc"} & set(files): found[root + "/" + name] = "allowed"
    """)
    none_allowed(found)


def test_a_crash_leaves_no_core_and_starts_no_helper(ground):
    """A core_pattern with a pipe starts a program of the machine, whatever the limit is; all but a limit of one byte."""
    found = ground.attacker("""
        found = {"limit": resource.getrlimit(resource.RLIMIT_CORE)}
        os.chdir("/tmp")
        for each in ((0, 0), (0, 1)):
            attempt(lambda: resource.setrlimit(resource.RLIMIT_CORE, each))
            syscall(160, resource.RLIMIT_CORE, struct.pack("QQ", *each))
        attempt(lambda: resource.prlimit(0, resource.RLIMIT_CORE, (0, 0)))
        found["after"] = resource.getrlimit(resource.RLIMIT_CORE)
        found["end"] = in_child(os.abort)
        found["left"] = [name for name in os.listdir("/tmp") if "core" in name]
    """)
    assert found == {"limit": [1, 1], "after": [1, 1], "end": [0, 6], "left": []}


# --- files ----------------------------------------------------------------------------------------------------------


def test_code_layers_and_runtime_cannot_be_changed_by_any_path(ground):
    found = ground.attacker("""
        found = {}
        files = [path for path in glob.glob("/var/task/*") + glob.glob("/var/runtime/*") if os.path.isfile(path)]
        for path in files + ["/usr/bin/id", "/etc/passwd"]:
            fd = os.open(path, os.O_RDONLY)
            found["reopen " + path] = attempt(lambda: os.open(f"/proc/self/fd/{fd}", os.O_RDWR))
            found["write " + path] = attempt(lambda: os.open(path, os.O_WRONLY))
            found["by root link " + path] = attempt(lambda: os.open("/proc/self/root" + path, os.O_RDWR))
            found["map " + path] = attempt(lambda: mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_WRITE))
            found["truncate " + path] = attempt(lambda: os.truncate(path, 0))
            found["chmod " + path] = attempt(lambda: os.fchmod(fd, 0o777))
            found["chown " + path] = attempt(lambda: os.fchown(fd, os.getuid(), os.getgid()))
            found["utime " + path] = attempt(lambda: os.utime(path, (0, 0)))
            found["attribute " + path] = attempt(lambda: os.setxattr(path, "user.x", b"x"))
            found["flags " + path] = syscall(16, fd, 0x40086602, b"\\x10" + bytes(7))
            found["hard link " + path] = attempt(lambda: os.link(path, "/tmp/link"))
            found["link by descriptor " + path] = attempt(lambda: os.link(f"/proc/self/fd/{fd}", "/tmp/link2", follow_symlinks=True))
            found["remove " + path] = attempt(lambda: os.unlink(path))
            os.close(fd)
        for folder in ("/", "/var/task", "/opt", "/var/runtime", "/var", "/usr", "/etc", "/dev", "/proc", "/proc/self"):
            found["new in " + folder] = attempt(lambda: write(folder + "/new"))
            found["folder in " + folder] = attempt(lambda: os.mkdir(folder + "/folder"))
            found["link in " + folder] = attempt(lambda: os.symlink("/tmp", folder + "/symlink"))
            found["rename " + folder] = attempt(lambda: os.rename(folder, "/tmp/renamed"))
    """)
    none_allowed(found)
    assert ground.victim("found = 'alive'") == "alive"


def test_nothing_of_the_machine_lies_in_the_open(ground):
    hidden = ["/root", "/home", "/boot", "/mnt", "/srv", "/run", "/var/run", "/var/lib", "/var/log", "/sys", "/etc/shadow", "/etc/sudoers", "/var/run/docker.sock",
              "/run/dbus/system_bus_socket", str(ground.daemon.data), str(ground.daemon.folder)]
    found = ground.attacker("""
        found = {path: attempt(lambda: (os.listdir if os.path.isdir(path) else open)(path)) for path in given}
        fds = {}
        for name in os.listdir("/proc/self/fd"):
            if attempt(lambda: os.readlink("/proc/self/fd/" + name)) == "allowed": fds[name] = os.readlink("/proc/self/fd/" + name)
        for name in fds:
            found["through " + name] = attempt(lambda: os.listdir(f"/proc/self/fd/{name}/.."))
            found["above " + name] = attempt(lambda: os.open("../../..", os.O_RDONLY, dir_fd=int(name)))
        # Above the root is the root.
        os.chdir("/")
        for _ in range(50): os.chdir("..")
        found["above the root"] = attempt(lambda: os.stat("root/.bashrc"))
    """, hidden)
    found = {name: result for name, result in found.items() if not (name.startswith(("through", "above ")) and "/proc" in name)}
    none_allowed(found)


def test_descriptors_are_those_of_the_protocol(ground):
    found = ground.victim("""
        found = {}
        for name in os.listdir("/proc/self/fd"):
            if attempt(lambda: os.readlink("/proc/self/fd/" + name)) == "allowed": found[name] = os.readlink("/proc/self/fd/" + name).split(":")[0]
    """)
    allowed = ("/dev/null", "pipe", "socket", "/dev/urandom", "/proc/", "anon_inode", "/memfd", "/tmp/", "/var/task", "/dev/shm")
    assert [target for target in found.values() if not target.startswith(allowed)] == []


@pytest.mark.parametrize("variables", [{}, {"MAYFLY_CLONE": "off"}, {"MAYFLY_ZYGOTE": "off"}], ids=["clone", "zygote", "exec"])
def test_descriptors_of_node(network, functions_of, variables):
    """Its event loop has many; none may be another process's. Each is written to: nobody else's loop wakes, nobody else ends."""
    other = functions_of.deploy("export const handler = async () => 'other';", runtime="nodejs20.x", Timeout=20)
    assert functions_of.invoke(other).payload == "other"
    name = functions_of.deploy("""
import fs from 'node:fs';
export const handler = async (event) => {
  const found = [];
  for (const fd of fs.readdirSync('/proc/self/fd')) {
    try {
      const link = fs.readlinkSync('/proc/self/fd/' + fd);
      found.push(link.split(':')[0]);
      // Through its link a pipe opens for writing whichever end it is.
      if (link.startsWith('pipe') && Number(fd) > 4 && event.poke) fs.writeSync(fs.openSync('/proc/self/fd/' + fd, 'w'), 'x'.repeat(64));
    } catch {}
  }
  return found;
};
""", runtime="nodejs20.x", Timeout=10, Environment={"Variables": variables})
    found = functions_of.invoke(name, {}).payload
    allowed = ("/dev/null", "pipe", "socket", "/dev/urandom", "/proc/", "anon_inode", "/var/task", "/var/runtime")
    assert [target for target in found if not target.startswith(allowed)] == [], found
    functions_of.invoke(name, {"poke": True})
    assert functions_of.invoke(other).payload == "other"
    # What made them still makes others.
    fresh = functions_of.deploy("export const handler = async () => 'fresh';", runtime="nodejs20.x", Timeout=20)
    assert functions_of.invoke(fresh).payload == "fresh"
    assert network.daemon.healthy()


def test_what_init_leaves_in_tmp_is_copied_as_it_is(ground):
    """A clone gets a copy of its template's /tmp, made by trusted code: links, queues and holes must not lead it anywhere."""
    if ground.form != "clone":
        pytest.skip("only clones get a copy")
    source = """
import os
os.symlink("/proc/1/root/etc/shadow", "/tmp/link")
os.symlink("/tmp", "/tmp/loop")
os.mkfifo("/tmp/fifo")
open("/tmp/secret", "w").write("x")
os.chmod("/tmp/secret", 0)
os.link("/tmp/fifo", "/tmp/hard")
os.makedirs("/tmp/" + "/".join("d" * 200))
with open("/tmp/hole", "w") as file: file.truncate(1 << 40)
def lambda_handler(event, context):
    return {"link": os.readlink("/tmp/link"), "names": sorted(os.listdir("/tmp"))}
"""
    name = ground.functions.deploy(source)
    outcome = ground.functions.invoke(name)
    assert outcome.error is None, outcome
    assert outcome.payload["link"] == "/proc/1/root/etc/shadow"


def test_packages_that_reach_out_write_nothing_outside(network, functions_of, tmp_path):
    """Links in a package, and files that go through them; twice the same name; names that climb."""
    client = functions_of.client
    packages = {
        "link out": {"app.py": "x", "link": SymLink("/etc/shadow")},
        "link up": {"app.py": "x", "link": SymLink("../../../etc/shadow")},
        "through a link": {"dir": SymLink(str(tmp_path)), "dir/planted": "x"},
        "through a link to up": {"a/b": SymLink("../.."), "a/b/planted": "x"},
        "through two links": {"a": SymLink("."), "a/b": SymLink(".."), "a/b/planted": "x"},
        "climbs": {"../planted": "x"},
        "climbs inside": {"a/../../planted": "x"},
        "absolute": {str(tmp_path / "planted"): "x"},
        "back slashes": {"..\\planted": "x"},
        "link to proc": {"app.py": "x", "link": SymLink("/proc/self/root")},
    }
    for title, files in packages.items():
        try:
            client.create_function(FunctionName=functions_of.unique_name("zip"), Runtime="python3.11", Handler="app.x", Role="arn:aws:iam::000000000000:role/r",
                                   Code={"ZipFile": zip_of(files)})
        except client.exceptions.InvalidParameterValueException:
            continue
        assert title in ("back slashes", "absolute"), title  # a plain name in a Unix package; taken off its slash
    assert list(tmp_path.iterdir()) == []
    assert [path for path in network.daemon.data.rglob("planted*") if "code" not in path.parts] == []
    lambda_folder = network.daemon.data / "lambda"
    assert [path for path in lambda_folder.rglob("*") if path.is_symlink() and not str(path.resolve()).startswith(str(lambda_folder))] == []
