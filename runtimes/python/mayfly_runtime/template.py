"""Waiting as a template: what is checked and warmed before, and what is made new in each clone."""
import gc
import os
import sys

_WORDS = {
    "threads": "threads besides the main one",
    "children": "child processes",
    "sockets": "open sockets or pipes",
    "event_fds": "open event descriptors (an event loop)",
    "writable_files": "files open for writing",
    "shared_mappings": "memory shared with other processes",
}
_SCAN_FILES = 400
_SCAN_BYTES = 4 << 20


def why_never(native):
    """Why this process cannot be a template whatever its function does, or an empty text."""
    if native is None:
        return "the native module does not load in this interpreter"
    if os.environ.get("MAYFLY_CLONE", "").lower() in ("0", "off", "false", "no"):
        return "the function opted out (MAYFLY_CLONE)"
    try:
        os.fstat(4)
    except OSError:
        return "the process has no clone channel"
    return ""


def why_not_now(native):
    """What the process holds that must not be copied, or an empty text."""
    try:
        state = native.process_state()
    except OSError as error:
        return "the process's state cannot be read: %s" % error
    found = []
    for name, words in _WORDS.items():
        count = state.get(name, 0) - (1 if name == "threads" else 0)
        if count > 0:
            found.append("%d %s" % (count, words))
    return ", ".join(found)


def _mentions_sdk(root):
    """Whether the function's own code names the SDK, so that loading it ahead is worth its time."""
    files = read = 0
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.endswith((".dist-info", "__pycache__", "boto3", "botocore"))]
        for name in names:
            if not name.endswith(".py"):
                continue
            files += 1
            if files > _SCAN_FILES or read > _SCAN_BYTES:
                return True
            try:
                with open(os.path.join(folder, name), "rb") as file:
                    text = file.read(1 << 18)
            except OSError:
                continue
            read += len(text)
            if b"boto3" in text or b"botocore" in text:
                return True
    return False


def warm():
    """Loads what handlers often load late, so that each clone finds it loaded. An import that fails is the handler's to see."""
    if "boto3" in sys.modules or not _mentions_sdk(os.environ.get("LAMBDA_TASK_ROOT", "/var/task")):
        return
    try:
        import boto3  # noqa: F401
    except Exception:
        pass


def collect():
    """What INIT left unreachable, a socket maybe, goes now. Whether there was any."""
    return gc.collect() > 0


_parked = []  # event loops without descriptors, with what makes their selectors


def _is_idle(loop):
    # Readers, timers, callbacks that are due, signal handlers and threads are the loop's work; its own pipe is not.
    return not (loop.is_running() or loop.is_closed() or loop._ready or loop._scheduled or loop._default_executor
                or getattr(loop, "_signal_handlers", None) or len(loop._selector.get_map()) != 1)


def park_event_loops():
    """Takes the descriptors of asyncio's idle loops away, which clones would share; whether there were any.

    Frameworks make a loop when they are loaded (Mangum). Written against CPython 3.8 to 3.14; a loop that is not as expected stays.
    """
    if "asyncio" not in sys.modules:
        return False
    from asyncio import events, selector_events

    policy = getattr(events, "_event_loop_policy", None)
    current = getattr(getattr(policy, "_local", None), "_loop", None)
    for loop in gc.get_objects():
        try:
            if not isinstance(loop, selector_events.BaseSelectorEventLoop) or not _is_idle(loop):
                continue
            loop._close_self_pipe()
            loop._selector.close()
        except Exception:
            continue
        _parked.append((loop, type(loop._selector), loop is current))
    return bool(_parked)


def equip_event_loops():
    """Gives the parked loops descriptors of their own. After a fork asyncio forgets which loop is the current one."""
    for loop, selector, current in _parked:
        loop._selector = selector()
        loop._make_self_pipe()
        if current:
            import asyncio

            asyncio.set_event_loop(loop)
    _parked.clear()


def freeze():
    """Moves all that lives into the permanent generation, so that collections in clones do not write to shared pages.

    Not collected before: that takes longer than the clone, and what is unreachable costs a clone nothing, for it is never copied.
    """
    gc.freeze()


def renew():
    """In a clone, before any event: state that must differ between processes."""
    equip_event_loops()
    # The interpreter's own after-fork hooks have reseeded `random`; do so again, it is cheap and not all versions do.
    if "random" in sys.modules:
        sys.modules["random"].seed()
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        try:
            numpy_random.seed()
        except Exception:
            pass
    # OpenSSL notices a fork by its process number, which is 1 in every sandbox.
    ssl = sys.modules.get("ssl")
    if ssl is not None:
        ssl.RAND_add(os.urandom(64), 64.0)
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile._name_sequence = None
    uuid = sys.modules.get("uuid")
    if uuid is not None and hasattr(uuid, "_last_timestamp"):
        uuid._last_timestamp = None
        if getattr(uuid, "_generate_time_safe", None) is not None:
            # libuuid's clock sequence is the template's, so clones would make the same uuid1() in the same tick. Python's own
            # way takes a random one. The node would take it long to find; a sandbox has no network card anyway, so it is a random
            # one, marked as such.
            if uuid._node is None:
                uuid._node = int.from_bytes(os.urandom(6), "big") | 1 << 40
            uuid._generate_time_safe = None
