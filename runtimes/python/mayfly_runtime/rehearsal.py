"""In a fork of the zygote that waits for its function: what every function's process does is gone through once.

In a fork each first touch of a page costs, and everything that Python uses is touched, if only to count references. Here that
happens before anybody waits for it. Nothing may remain of it but pages.
"""
import gc
import logging
import os
import sys
import time

from . import context, handler, logs, main, marshal, template

_HANDLER = "handler_of_none.handler"
_META = {"requestId": "00000000-0000-4000-8000-000000000000", "invokedFunctionArn": "", "deadlineMs": 0}


def rehearse(native):
    module = _HANDLER.split(".")[0]
    own = os.path.dirname(os.path.abspath(__file__))
    root = logging.getLogger()
    before = list(root.handlers)
    environment = dict(os.environb)
    path = list(sys.path)
    os.environb.clear()
    os.environb.update(environment)
    time.tzset()
    template.renew()
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    sys.stderr.reconfigure(line_buffering=True)
    marshal.setup()
    logs.setup()
    context.refresh()
    sys.path.insert(0, own)
    try:
        function = handler.load(_HANDLER)
        for _ in range(2):
            main.handle(function, _META, b'{"a": [1, "b"]}', None)
            main.flush()
        marshal.to_json({"runtime": "", "cloneable": True, "reason": ""})
        if native is not None:
            native.process_state()
        template.why_never(native)
        gc.freeze()
    finally:
        sys.path[:] = path
        sys.path_importer_cache.clear()
        sys.modules.pop(module, None)
        for each in root.handlers[:]:
            if each not in before:
                root.removeHandler(each)
        logs.request_id = ""
