"""A `mayfly serve` process with a data folder of its own."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS = 20
STOP_SECONDS = 30


def binary():
    return pathlib.Path(os.environ.get("MAYFLY_BINARY", REPOSITORY / "build" / "mayfly"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Daemon:
    """Runs `mayfly serve`. The log is kept in a file; log() returns it, for those who report a failure."""

    def __init__(self, *arguments, user=None, groups=(), open_files=None):
        """`user`: the number of an ordinary user that it runs as, in these control groups, where the tests run as root.
        `open_files`: its limit of open files."""
        self.open_files = open_files
        self.arguments = arguments
        self.user = user
        self.groups = groups
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mayfly-test-"))
        self.data = self.folder / "data"
        self.log_path = self.folder / "log"
        if user is not None:
            os.chown(self.folder, user, user)
        self.process = None

    def start(self):
        command = [str(binary()), "serve", "--listen", f"127.0.0.1:{self.port}", "--data-dir", str(self.data)]
        if self.user is not None:
            enter = "".join(f"echo $$ > {folder}/cgroup.procs; " for folder in self.groups)
            command = ["/bin/sh", "-c", enter + f'exec setpriv --reuid {self.user} --regid {self.user} --clear-groups "$@"', "sh", *command]
        if self.open_files is not None:
            command = ["prlimit", f"--nofile={self.open_files}", *command]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*command, *self.arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd="/"
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"mayfly serve ended at once with {self.process.returncode}:\n{self.log()}")
            if self.healthy():
                return self
            time.sleep(0.02)
        self.process.kill()
        raise RuntimeError(f"mayfly serve was not ready within {START_SECONDS} s:\n{self.log()}")

    def healthy(self):
        try:
            with urllib.request.urlopen(self.endpoint + "/_mayfly/health", timeout=2) as response:
                return response.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "no exit within {} s of SIGTERM".format(STOP_SECONDS)

    def kill(self):
        """kill -9, as a crash or a power cut would end it."""
        self.process.kill()
        self.process.wait()

    def restart(self, kill=False):
        """Ends the daemon, by SIGTERM or by kill -9, and starts it again on the same data and port."""
        if kill:
            self.kill()
        else:
            status = self.stop()
            assert status == 0, f"SIGTERM ended the daemon with {status}:\n{self.log()}"
        self.start()

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def discard(self):
        if self.alive():
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
