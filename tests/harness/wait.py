"""Waiting for something to become true; never for time to pass."""

import time


def eventually(look, seconds=20, what="it"):
    """Calls `look` until it returns something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s; last: {found!r}"
        time.sleep(0.05)
