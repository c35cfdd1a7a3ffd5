"""What a daemon holds of the machine: processes, groups, mounts, namespaces, descriptors, folders. Needs root to see it all."""

import os
import pathlib


def _names(folder):
    try:
        return os.listdir(folder)
    except OSError:
        return []


def family(pid):
    """A process and all that descend from it. Any but the first may end meanwhile."""
    pids = [pid]
    for each in pids:
        for task in _names(f"/proc/{each}/task"):
            try:
                pids += [int(child) for child in pathlib.Path(f"/proc/{each}/task/{task}/children").read_text().split()]
            except OSError:
                pass
    return pids


def _namespaces(pid):
    found = set()
    for name in _names(f"/proc/{pid}/ns"):
        try:
            found.add(os.readlink(f"/proc/{pid}/ns/{name}"))
        except OSError:
            pass
    return found


def groups(warden):
    """Folders of a warden and below, in every mounted hierarchy."""
    points = {line.split()[1] for line in pathlib.Path("/proc/mounts").read_text().splitlines() if line.split()[2].startswith("cgroup")}
    return {top for point in points for top, _, _ in os.walk(point) if f"mayfly-{warden}" in pathlib.Path(top).parts}


def alive(pid):
    """Not so for what has ended and waits for a parent to ask."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def command(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def sandboxes(pid):
    """The inits of a daemon's sandboxes, each with whether it is blank: made ahead, its process still unconfined."""
    found = {}
    for init in family(pid):
        if command(init) != "mayfly-init":
            continue
        inside = [each for each in family(init)[1:] if command(each) != "mayfly-init"]
        found[init] = len(inside) == 1 and _unconfined(inside[0])
    return found


def _unconfined(pid):
    try:
        return "Seccomp:\t0\n" in pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def warden_of(pid):
    return next(each for each in family(pid) if command(each) == "mayfly-warden")


def held(daemon):
    """Counts, by name, of a daemon (harness.daemon.Daemon, or anything with process and a data folder)."""
    pid = daemon.process.pid
    pids = family(pid)
    warden = warden_of(pid)
    namespaces = set().union(*(_namespaces(each) for each in pids))
    mounts = pathlib.Path(f"/proc/{warden}/mountinfo").read_text().splitlines()
    return {
        "processes": len(pids),
        "groups": len(groups(warden)),
        "mounts": len(mounts) + len(pathlib.Path(f"/proc/{pid}/mountinfo").read_text().splitlines()),
        "namespaces": len(namespaces),
        "descriptors of the daemon": len([name for name in _names(f"/proc/{pid}/fd") if "/store/" not in _target(pid, name)]),
        "descriptors of the warden": len(_names(f"/proc/{warden}/fd")),
        "folders in the warden's": sum(len(folders) for _, folders, _ in os.walk(pathlib.Path(daemon.data) / "sandbox")),
        "System V segments": len(pathlib.Path("/proc/sysvipc/shm").read_text().splitlines()),
    }


def _target(pid, name):
    try:
        return os.readlink(f"/proc/{pid}/fd/{name}")
    except OSError:
        return ""
