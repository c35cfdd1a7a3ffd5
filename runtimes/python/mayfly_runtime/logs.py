"""The function's log: the root logger's handler, and the records of errors that nobody caught."""
import json
import logging
import os
import sys
import time
import traceback

request_id = ""  # of the event under way
tenant_id = None

_TIME = "%Y-%m-%dT%H:%M:%S"
_json = json.JSONEncoder(ensure_ascii=False, default=str).encode
# What every LogRecord has: the rest are the caller's extras.
_RESERVED = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {
    "aws_request_id",
    "tenant_id",
    "taskName",
    "message",
    "asctime",
}


def is_json():
    return os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"


class _Filter(logging.Filter):
    def filter(self, record):
        record.aws_request_id = request_id
        record.tenant_id = tenant_id
        return True


class _Handler(logging.Handler):
    def emit(self, record):
        try:
            # One record is one event of the log: the line breaks inside become carriage returns.
            sys.stdout.write(self.format(record).replace("\n", "\r") + "\n")
        except Exception:
            self.handleError(record)

    @staticmethod
    def log_raw(text):
        sys.stdout.write(text)


class _JsonFormatter(logging.Formatter):
    def format(self, record):
        error = record.exc_info if record.exc_info and record.exc_info[0] else None
        milliseconds = int(record.msecs)
        result = {
            "timestamp": "%s.%03dZ" % (time.strftime(_TIME, time.gmtime(record.created)), milliseconds),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "stackTrace": traceback.format_tb(error[2]) if error else None,
            "errorType": error[0].__name__ if error else None,
            "errorMessage": str(error[1]) if error else None,
            "requestId": getattr(record, "aws_request_id", None),
            "location": "%s:%s:%s" % (record.pathname, record.funcName, record.lineno) if error else None,
            "tenantId": getattr(record, "tenant_id", None),
        }
        for name, value in record.__dict__.items():
            if name not in _RESERVED and name not in result:
                result[name] = value
        return _json({name: value for name, value in result.items() if value is not None})


def setup():
    logging.Formatter.converter = time.gmtime
    handler = _Handler()
    if is_json():
        handler.setFormatter(_JsonFormatter())
    else:
        handler.setFormatter(
            logging.Formatter(
                "[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s", _TIME
            )
        )
    handler.addFilter(_Filter())
    root = logging.getLogger()
    root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = {"TRACE": "DEBUG", "FATAL": "CRITICAL"}.get(level, level)
    if level in ("DEBUG", "INFO", "WARN", "WARNING", "ERROR", "CRITICAL"):
        root.setLevel(level)


def log_error(result):
    """One record: its lines are joined by carriage returns, and their indentation is kept by no-break spaces."""
    if is_json():
        now = time.time()
        record = {
            "timestamp": "%s.%03dZ" % (time.strftime(_TIME, time.gmtime(now)), int(now % 1 * 1000)),
            "log_level": "ERROR",
        }
        record.update(result)
        sys.stdout.write(_json(record) + "\n")
        return
    head = "[ERROR]"
    if result["errorType"]:
        head += " " + result["errorType"]
    if result["errorMessage"]:
        head += (":" if result["errorType"] else "") + " " + result["errorMessage"]
    lines = head.split("\n") + ["Traceback (most recent call last):"]
    for element in result["stackTrace"]:
        for line in element.splitlines():
            bare = line.lstrip(" ")
            lines.append("\u00a0" * (len(line) - len(bare)) + bare)
    sys.stdout.write("\r".join(lines) + "\n")
