"""A process with the runtime and the SDK loaded and no user code, from which functions' processes are forked.

It waits in _mayfly_zygote. What returns from there is a process of a function's sandbox, which goes on as if it had just
been started: with the function's variables, paths and random state. Where the function asks for what only a new interpreter can
give, it becomes one: exec, in the sandbox.
"""
import gc
import os
import sys
import time

from . import endpoint, rehearsal, template

# Read when an interpreter starts, or by the C library before that.
_READ_AT_START = ("LD_", "PYTHON", "LC_", "LANG", "MALLOC_", "GLIBC_", "OPENSSL_CONF", "BOTO_")
_LIBRARIES = ("/var/task", "/var/task/lib", "/opt/lib")
_ARENAS = 28 << 20  # bytes; the SDK takes 18 MB, and not all of it will be in huge pages
_BOOTSTRAP = "/var/runtime/bootstrap.py"


def run(start_path, set_path):
    """Returns in a process of a function only. `start_path` is the interpreter's; `set_path` puts sys.path in order."""
    import _mayfly_zygote

    plain = set(sys.modules)
    kept = _objects_in_huge_pages()
    _preload()
    try:
        import _mayfly as native
    except ImportError:
        native = None  # link.connect() has something else
    # What there is to look at is looked at here: in a process of a function each look costs a page.
    preloaded = {name for name in sys.modules if name not in plain}
    packages = {name.split(".", 1)[0] for name in preloaded}
    own = _own_modules()
    _open_standard_streams()
    sys.path_importer_cache.clear()  # the paths are others in a sandbox
    del kept  # arenas that nothing else is in are given back
    gc.collect()
    gc.freeze()
    _mayfly_zygote.wait()
    if not _mayfly_zygote.order_is_there():
        try:
            rehearsal.rehearse(native)
        except Exception:
            pass  # it saves time, and nothing depends on it
    variables = _mayfly_zygote.take_order()

    environment = dict(each.split(b"=", 1) for each in variables)
    before = _read_at_start(os.environb)
    os.environb.clear()
    os.environb.update(environment)
    opted_out = os.environ.get("MAYFLY_ZYGOTE", "").lower() in ("0", "off", "false", "no")
    if opted_out or _read_at_start(environment) != before or _has_libraries():
        os.execve(sys.executable, [sys.executable, _BOOTSTRAP], environment)
    time.tzset()
    sys.argv[:] = [_BOOTSTRAP]
    sys.dont_write_bytecode = False
    _move_in(start_path, set_path, own)
    if _brought_by_the_function() & packages:
        for name in preloaded:
            sys.modules.pop(name, None)
    template.renew()


def _open_standard_streams():
    """As a function's process will have them: streams remember what kind of file they were opened on."""
    ends = os.pipe()
    for number in (1, 2):
        os.dup2(ends[1], number)
    for name, number, mode, errors in (
        ("stdin", 0, "r", "surrogateescape"),
        ("stdout", 1, "w", "surrogateescape"),
        ("stderr", 2, "w", "backslashreplace"),
    ):
        stream = open(number, mode, encoding="utf-8", errors=errors, closefd=False)
        stream.mode = mode
        setattr(sys, name, stream)
        setattr(sys, "__%s__" % name, stream)
    for number in (1, 2):
        os.dup2(0, number)  # /dev/null, as before
    for end in ends:
        os.close(end)


def _objects_in_huge_pages():
    """Has Python take the memory for what follows in pieces that fit huge pages (huge_pages.h): it comes in arenas of 256 KB or 1 MB,
    which would lie scattered between libraries. An arena stays for as long as one object is in it."""
    size, small, huge = 400, 256 << 10, 2 << 20
    objects = [None] * (_ARENAS // size)  # at its size from the start: a list that grows would lie between the arenas
    for at in range(len(objects)):
        objects[at] = bytes(size)
    parts = {id(each) // small: each for each in objects}
    count = huge // small
    whole = {part // count for part in parts if all(part // count * count + at in parts for at in range(count))}
    return [each for part, each in parts.items() if part // count in whole]


def _preload():
    endpoint.install()  # sees the SDK's import
    # An SDK of the runtime itself, for interpreters that have none, has another path in a sandbox, and botocore remembers
    # where its data were. Such functions load it themselves.
    bundled = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "sdk")
    sys.path[:] = [path for path in sys.path if path != bundled]
    try:
        import boto3  # noqa: F401
        import botocore.client  # noqa: F401
        import botocore.session  # noqa: F401
    except Exception:
        pass  # functions find out themselves


def _read_at_start(environment):
    names = tuple(name.encode() for name in _READ_AT_START)
    return {name: value for name, value in environment.items() if name.startswith(names)}


def _has_libraries():
    """The dynamic linker remembers that these folders were not there when the zygote started."""
    for folder in _LIBRARIES:
        try:
            if any(".so" in name for name in os.listdir(folder)):
                return True
        except OSError:
            pass
    return False


def _own_modules():
    """The runtime's modules, and the rest of their files' names."""
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    files = [(module, getattr(module, "__file__", None)) for module in list(sys.modules.values())]
    return own, [(module, file[len(own) :]) for module, file in files if isinstance(file, str) and file.startswith(own)]


def _move_in(start_path, set_path, own):
    """The runtime's folder has another name in a sandbox."""
    folder, modules = own
    sys.path[:] = [path for path in start_path if not path.startswith(folder)]
    set_path("/var/runtime")
    for module, rest in modules:
        module.__file__ = "/var/runtime" + rest


def _brought_by_the_function():
    """Names of modules of the function and its layers: they come before what is preloaded, and then all of that goes."""
    names = set()
    for folder in sys.path[: sys.path.index("/var/runtime")]:
        try:
            names.update(name.split(".", 1)[0] for name in os.listdir(folder))
        except OSError:
            pass
    return names
