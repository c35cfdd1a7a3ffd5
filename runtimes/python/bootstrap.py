"""Runs a Python function: INIT, then events, as a template that is cloned or as a process of its own.

With --zygote: waits for functions first (mayfly_runtime/zygote.py).
"""
import os
import sys


def _set_path(own=os.path.dirname(os.path.abspath(__file__))):
    """The order of AWS Lambda: code, layers, runtime, interpreter."""
    version = "python%d.%d" % sys.version_info[:2]
    root = os.environ.get("LAMBDA_TASK_ROOT", "/var/task")
    rest = [path for path in sys.path if path not in (own, root, "")]
    layers = ["/opt/python/lib/%s/site-packages" % version, "/opt/python"]
    # The last one has boto3 for interpreters that have none (CMakeLists.txt).
    sys.path[:] = [root] + layers + [own] + rest + [os.path.join(own, "sdk")]


if __name__ == "__main__" and sys.argv[1:] == ["--zygote"]:
    _start_path = list(sys.path)
    _set_path()
    from mayfly_runtime import main, zygote  # noqa: E402

    zygote.run(_start_path, _set_path)
else:
    _set_path()
    from mayfly_runtime import main  # noqa: E402

if __name__ == "__main__":
    main.run()
