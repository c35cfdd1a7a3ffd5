"""What other people wrote, fetched once from its registry into build/runtime_clients; without the toolchain or the registry the test is skipped."""

import os
import pathlib
import shutil
import subprocess

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SOURCES = REPOSITORY / "tests" / "clients"
CACHE = REPOSITORY / "build" / "runtime_clients"
SLOW = os.environ.get("MAYFLY_SLOW_TESTS")


def fetch(what, target, command, **options):
    """Runs `command` unless its result is there already; a failure is a skip that shows the tool's last words."""
    if target.exists():
        return target
    if shutil.which(command[0]) is None:
        pytest.skip(f"{what}: {command[0]} is not installed")
    target.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, text=True, capture_output=True, timeout=600, **options)
    if done.returncode != 0 or not target.exists():
        last = (done.stderr.strip() or done.stdout.strip())[-300:]
        pytest.skip(f"{what} cannot be fetched or built here: {last}")
    return target
