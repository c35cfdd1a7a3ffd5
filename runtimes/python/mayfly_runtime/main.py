"""INIT, then the loop of events."""
import os
import sys

from . import context, endpoint, errors, handler, link, logs, marshal, template

_REQUEST_ID_AT_INIT = ""


def run():
    transport, native = link.connect()
    # Lines leave as they end; the rest is flushed before an answer.
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    sys.stderr.reconfigure(line_buffering=True)
    marshal.setup()
    logs.setup()
    endpoint.install()
    context.refresh()

    function, before, after = _init(transport)
    reason = template.why_never(native)
    broken = None
    if not reason:
        # First the hooks: one of them may close what could not be copied.
        _run_hooks(transport, before)
        template.warm()
        reason = template.why_not_now(native)
        if reason and template.collect():
            reason = template.why_not_now(native)
        if reason and template.park_event_loops():
            reason = template.why_not_now(native)
        if reason:
            template.equip_event_loops()
            broken = _after_restore(after)
    if reason:
        _send_ready(transport, False, reason)
        _serve(transport, function, broken)
        return
    template.freeze()
    flush()
    _send_ready(transport, True, "")
    native.wait_for_clone()
    template.renew()
    _serve(transport, function, _after_restore(after), native.note_pages)


def _init(transport):
    """Loads the handler, or tells why not and exits. Returns it with the function's snapshot hooks."""
    try:
        function = handler.load(os.environ.get("_HANDLER", ""))
    except errors.Fault as fault:
        _fail_init(transport, errors.fault_result(fault, _REQUEST_ID_AT_INIT))
    except Exception as error:
        _fail_init(transport, errors.exception_result(error, _REQUEST_ID_AT_INIT))
    hooks = sys.modules.get("snapshot_restore_py")
    if hooks is None:
        return function, [], []
    return function, hooks.get_before_snapshot(), hooks.get_after_restore()


def _run_hooks(transport, hooks):
    # As the real service does: those that were registered last run first.
    for call, args, kwargs in reversed(hooks):
        try:
            call(*args, **kwargs)
        except Exception as error:
            result = errors.exception_result(error, _REQUEST_ID_AT_INIT)
            result["errorType"] = "Runtime.BeforeSnapshotError"
            _fail_init(transport, result)


def _after_restore(hooks):
    """Runs the hooks of a clone; the error that its first event is answered with, or None."""
    for call, args, kwargs in hooks:
        try:
            call(*args, **kwargs)
        except Exception as error:
            result = errors.exception_result(error, "")
            result["errorType"] = "Runtime.AfterRestoreError"
            return result
    return None


def _fail_init(transport, result):
    logs.log_error(result)
    flush()
    transport.send_frame("F", marshal.to_json(result))
    os._exit(1)


def _send_ready(transport, cloneable, reason):
    flush()
    info = {"runtime": "python%d.%d.%d" % sys.version_info[:3], "cloneable": cloneable, "reason": reason}
    transport.send_frame("R", marshal.to_json(info))


def flush():
    # A function may have closed or replaced them; its answer matters more.
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass


def _set_trace(header):
    if header:
        os.environ["_X_AMZN_TRACE_ID"] = header
    elif "_X_AMZN_TRACE_ID" in os.environ:
        del os.environ["_X_AMZN_TRACE_ID"]


def _serve(transport, function, broken, after_first=None):
    receive = transport.recv_frame
    send = transport.send_frame
    loads = marshal.loads
    trace = None
    while True:
        frame = receive()
        if frame is None:
            os._exit(0)  # the engine has closed
        kind, payload = frame
        if kind == "E":
            os.environ.update(loads(payload))
            context.refresh()
            continue
        if kind != "I":
            os._exit(2)
        start = 4 + int.from_bytes(payload[:4], "little")
        meta = loads(payload[4:start])
        logs.request_id = meta.get("requestId", "")
        if meta.get("traceId") != trace:
            trace = meta.get("traceId")
            _set_trace(trace)
        kind, answer = handle(function, meta, payload[start:], broken)
        flush()
        send(kind, answer)
        if broken is not None:
            os._exit(1)
        if after_first is not None:
            after_first()
            after_first = None


def handle(function, meta, data, broken):
    try:
        if broken is None:
            return "r", marshal.marshal_result(function(marshal.parse_event(data), context.LambdaContext(meta)))
        result = dict(broken, requestId=logs.request_id)
    except errors.Fault as fault:
        result = errors.fault_result(fault, logs.request_id)
    except Exception as error:
        result = errors.exception_result(error, logs.request_id)
    logs.log_error(result)
    return "e", marshal.to_json(result)
