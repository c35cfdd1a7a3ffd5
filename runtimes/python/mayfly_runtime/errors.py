"""Errors as AWS Lambda's Python runtime tells them: to the caller as JSON, to the log as one record."""
import traceback

_OWN = ("/bootstrap.py", "/mayfly_runtime/")


class Fault(Exception):
    """An error that the runtime itself finds."""

    def __init__(self, kind, message, trace=None):
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.trace = trace or []


def fault_result(fault, request_id):
    return {
        "errorMessage": fault.message,
        "errorType": fault.kind,
        "requestId": request_id,
        "stackTrace": fault.trace,
    }


def exception_result(error, request_id):
    frames = [(f.filename, f.lineno, f.name, f.line) for f in traceback.extract_tb(error.__traceback__)]
    for index, frame in enumerate(frames):
        if not any(own in frame[0] for own in _OWN):
            frames = frames[index:]
            break
    try:
        message = str(error)
    except Exception:
        message = "<unprintable %s object>" % type(error).__name__
    return {
        "errorMessage": message,
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": traceback.format_list(frames),
    }
