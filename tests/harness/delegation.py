"""Control groups that are given to an ordinary user, as systemd's Delegate= does."""

import os
import pathlib

from .wait import eventually

CONTROLLERS = ("memory", "pids", "cpu", "cpuacct")


def delegate(user, name):
    """Folders below this process's own groups; empty where there are none to make. v2 counts where it has controllers."""
    mounts = [line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    groups = dict(line.split(":", 2)[1:] for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines())
    folders = []
    for _, point, kind, options, *_ in mounts:
        if kind == "cgroup":
            named = next((names for names in groups if names and set(names.split(",")) <= set(options.split(","))), None)
            wanted = named and set(named.split(",")) & set(CONTROLLERS)
        else:
            named = "" if kind == "cgroup2" else None
            wanted = named == "" and "memory" in (pathlib.Path(point) / "cgroup.subtree_control").read_text().split()
        if not wanted:
            continue
        above = pathlib.Path(point) if named == "" else pathlib.Path(point) / groups[named].lstrip("/")
        folder = above / name
        try:
            folder.mkdir(exist_ok=True)
            for path in [folder, *folder.iterdir()]:
                os.chown(path, user, user)
        except OSError:
            continue
        folders.append(folder)
    return folders


def take_back(folders):
    """Fails where something is left in them."""
    for folder in folders:
        eventually(lambda: _removed(folder), what=f"the end of what is in {folder}")


def _removed(folder):
    for top, _, _ in os.walk(folder, topdown=False):
        try:
            os.rmdir(top)
        except OSError:
            return False
    return True
