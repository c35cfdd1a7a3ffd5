"""From inside a real function: nothing of anybody else is visible, nothing of the system can be changed."""

import textwrap

import pytest

# Each probe is Python that sets `found`; it runs inside a handler, or while the module is imported.
PRELUDE = """
import ctypes, errno, glob, json, os, resource, signal, socket, stat, subprocess, sys, time

libc = ctypes.CDLL(None, use_errno=True)

def syscall(number, *arguments):
    # The error's name, or "allowed".
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    return "allowed" if result >= 0 else errno.errorcode[ctypes.get_errno()]

def attempt(action):
    # What an action is refused with, or "allowed".
    try:
        action()
        return "allowed"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))

def write(path):
    with open(path, "w") as file:
        file.write("x")
"""


@pytest.fixture(params=["handler", "import"])
def probe(request, lambdas):
    """probe(code) runs code inside a function, in its handler or at INIT, and returns what it put into `found`."""

    def run(code, **config):
        body = textwrap.dedent(code).strip()
        if request.param == "handler":
            source = PRELUDE + "\ndef lambda_handler(event, context):\n" + textwrap.indent(body, "    ") + "\n    return found\n"
        else:
            source = PRELUDE + "\n" + body + "\n\ndef lambda_handler(event, context):\n    return found\n"
        outcome = lambdas.invoke(lambdas.deploy(source, **{"Timeout": 30, **config}))
        assert outcome.error is None, outcome
        return outcome.payload

    return run


REFUSED = {"EPERM", "EACCES", "ENOSYS", "EINVAL", "EROFS"}

# x86-64 numbers, with arguments that would be good ones for a privileged caller.
SYSCALLS = {
    "mount": (165, "b'none'", "b'/tmp'", "b'tmpfs'", 0, 0),
    "umount2": (166, "b'/tmp'", 2),
    "pivot_root": (155, "b'/tmp'", "b'/tmp'"),
    "chroot": (161, "b'/tmp'"),
    "ptrace attach": (101, 16, 1, 0, 0),
    "ptrace seize": (101, 0x4206, 1, 0, 0),
    "process_vm_readv": (310, 1, 0, 0, 0, 0, 0),
    "bpf": (321, 0, 0, 0),
    "kexec_load": (246, 0, 0, 0, 0),
    "kexec_file_load": (320, 0, 0, 0, 0, 0),
    "init_module": (175, 0, 0, "b''"),
    "finit_module": (313, 0, "b''", 0),
    "delete_module": (176, "b'x'", 0),
    "unshare user": (272, 0x10000000),
    "unshare mount": (272, 0x00020000),
    "unshare net": (272, 0x40000000),
    "clone in a user namespace": (56, 0x10000000 | 17, 0, 0, 0, 0),
    "setns": (308, "os.open('/proc/self/ns/mnt', os.O_RDONLY)", 0),
    "reboot": (169, -18751974, 672274793, 0, 0),
    "swapon": (167, "b'/tmp/x'", 0),
    "sethostname": (170, "b'x'", 1),
    "settimeofday": (164, 0, 0),
    "clock_settime": (227, 0, 0),
    "open_by_handle_at": (304, -100, 0, 0),
    "perf_event_open": (298, 0, 0, -1, -1, 0),
    "userfaultfd": (323, 0),
    "keyctl": (250, 0, -3, 1),
    "add_key": (248, "b'user'", "b'x'", "b'y'", 1, -3),
    "acct": (163, "b'/tmp/x'"),
    "iopl": (172, 3),
    "quotactl": (179, 0, 0, 0, 0),
    "fsopen": (430, "b'tmpfs'", 0),
    "open_tree clone": (428, -100, "b'/'", 1),
    "move_mount": (429, -1, "b''", -1, "b''", 0),
    "io_uring_setup": (425, 8, 0),
}


def test_privileged_system_calls_fail(probe):
    calls = "\n".join(f"found[{name!r}] = syscall({', '.join(map(str, arguments))})" for name, arguments in SYSCALLS.items())
    found = probe("found = {}\n" + calls)
    # EFAULT would say that the kernel got as far as looking at the arguments.
    assert {name: result for name, result in found.items() if result not in REFUSED} == {}


def test_no_capabilities_and_none_to_be_had(probe):
    found = probe("""
        status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
        found = {name: status[name].strip() for name in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")}
        found["uid"] = os.getuid()
        found["setuid"] = attempt(lambda: os.setuid(0))
    """)
    assert {found[name].strip("0") for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")} == {""}
    assert (found["NoNewPrivs"], found["Seccomp"]) == ("1", "2")
    assert found["uid"] != 0 and found["setuid"] != "allowed"


def test_code_and_system_are_read_only(probe):
    found = probe("""
        found = {}
        for path in ("/var/task/app.py", "/var/task/new", "/opt/new", "/var/runtime/new", "/new", "/etc/passwd", "/etc/new", "/usr/bin/new",
                     "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/new", "/dev/new", "/proc/self/../1/oom_score_adj_x"):
            found[path] = attempt(lambda: write(path))
        found["chmod"] = attempt(lambda: os.chmod("/var/task", 0o777))
        found["unlink"] = attempt(lambda: os.unlink("/var/task/app.py"))
        found["rename"] = attempt(lambda: os.rename("/var/task", "/tmp/task"))
        found["mknod"] = attempt(lambda: os.mknod("/tmp/disk", stat.S_IFBLK | 0o600, os.makedev(8, 0)))
        found["tmp"] = attempt(lambda: write("/tmp/mine"))
    """)
    assert found.pop("tmp") == "allowed"
    assert [name for name, result in found.items() if result == "allowed"] == []


def test_nothing_of_the_machine_is_visible(probe, daemon):
    hidden = ["/etc/shadow", "/root/.bashrc", "/root/.ssh", "/home/user", "/var/lib/mayfly", "/boot", "/dev/sda", "/dev/mem", "/dev/kmsg"]
    if daemon is not None:
        hidden += [str(daemon.data), str(daemon.folder)]
    found = probe(f"""
        found = {{path: attempt(lambda: (os.listdir if os.path.isdir(path) else open)(path)) for path in {hidden!r}}}
        found["/root"] = "allowed" if os.path.isdir("/root") and attempt(lambda: os.listdir("/root")) == "allowed" and os.listdir("/root") else "hidden"
    """)
    assert [path for path, result in found.items() if result == "allowed"] == []


def test_only_own_processes_are_visible(probe):
    found = probe("""
        found = []
        for folder in glob.glob("/proc/[0-9]*"):
            try:
                found.append(open(folder + "/cmdline").read().replace("\\0", " ").strip())
            except OSError:
                pass
    """)
    assert 1 <= len(found) <= 4, found
    assert not any("serve" in line for line in found), found


def test_signals_stay_inside(probe, http, endpoint):
    """kill(-1) reaches at most what is in the sandbox; here it is harmless, as a process does not signal itself with it."""
    probe("""
        found = attempt(lambda: os.kill(-1, 0))
    """)
    assert http("GET", endpoint + "/_mayfly/health").status == 200


def test_another_functions_files_and_environment(lambdas, probe):
    secret = "secret-of-the-other-function"
    other = lambdas.deploy(
        {"app.py": "import os\ndef lambda_handler(e, c):\n    open('/tmp/%s', 'w').write('x')\n    return os.listdir('/tmp')\n" % secret,
         secret: "x"}, Environment={"Variables": {"SECRET": secret}})
    assert secret in lambdas.invoke(other).payload
    found = probe(f"""
        found = []
        for root, folders, files in os.walk("/"):
            if root.startswith(("/proc", "/sys", "/usr", "/lib")):
                folders.clear()
                continue
            found += [os.path.join(root, name) for name in folders + files if {secret!r} in name]
        for path in glob.glob("/proc/[0-9]*/environ"):
            try:
                if {secret!r} in open(path).read(): found.append(path)
            except OSError:
                pass
    """)
    assert found == []


def test_descriptors_do_not_leak(probe):
    """Standard ones, the runtime's own channel, and nothing of the daemon: no store, no listening socket."""
    found = probe("""
        found = []
        for name in os.listdir("/proc/self/fd"):
            try:
                found.append(os.readlink("/proc/self/fd/" + name))
            except OSError:
                pass
    """)
    assert not [target for target in found if target.startswith("/") and not target.startswith(("/dev/null", "/proc/", "/dev/urandom", "/tmp"))], found
    assert len(found) <= 10, found


def test_a_fork_bomb_stays_inside_its_limit(lambdas, http, endpoint):
    bomb = lambdas.deploy("""
import os, time
def lambda_handler(event, context):
    children = 0
    while children < 5000:
        try:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
        except OSError:
            return children
        children += 1
    return children
""", Timeout=60, MemorySize=512)
    other = lambdas.deploy("def lambda_handler(event, context): return 'alive'")
    outcome = lambdas.invoke(bomb)
    # At most 1,024 processes, as on AWS; or the memory limit was met first.
    assert outcome.error == "Unhandled" or outcome.payload <= 1024, outcome
    assert lambdas.invoke(other).payload == "alive"
    assert http("GET", endpoint + "/_mayfly/health").status == 200


def test_a_fork_bomb_at_init(lambdas, http, endpoint):
    bomb = lambdas.deploy("""
import os
def bomb():
    while True:
        try:
            os.fork()
        except OSError:
            pass
bomb()
def lambda_handler(event, context): pass
""", Timeout=3, MemorySize=512, wait=False)
    other = lambdas.deploy("def lambda_handler(event, context): return 'alive'", Timeout=60)
    assert lambdas.invoke(bomb).error == "Unhandled"
    assert lambdas.invoke(other).payload == "alive"
    assert http("GET", endpoint + "/_mayfly/health").status == 200


def test_tmp_is_limited(lambdas):
    """/tmp holds 512 MB (EphemeralStorage); a function that fills it fails by itself."""
    name = lambdas.deploy("""
import errno
def lambda_handler(event, context):
    written = 0
    try:
        with open("/tmp/big", "wb") as file:
            for _ in range(700):
                file.write(bytes(1024 * 1024))
                file.flush()
                written += 1
    except OSError as error:
        return [written, errno.errorcode[error.errno]]
    return [written, "unlimited"]
""", Timeout=60, MemorySize=2048)
    outcome = lambdas.invoke(name)
    assert outcome.error == "Unhandled" or (outcome.payload[0] <= 512 and outcome.payload[1] == "ENOSPC"), outcome


def test_functions_of_one_daemon_do_not_share_tmp(lambdas):
    source = "import os\ndef lambda_handler(event, context):\n    found = os.listdir('/tmp')\n    open('/tmp/left', 'w').close()\n    return found\n"
    one, two = lambdas.deploy(source), lambdas.deploy(source)
    assert lambdas.invoke(one).payload == []
    assert lambdas.invoke(two).payload == []
    assert lambdas.invoke(one).payload in ([], ["left"])  # its own environment may be used again, as on AWS
