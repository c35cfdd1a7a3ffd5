"""JSON in and out, as the runtime client of AWS writes it: Decimal as a number, NaN as NaN, non-ASCII escaped before 3.12."""
import decimal
import json
import math
import os
import re
import uuid

from .errors import Fault

loads = json.loads


def _keeps_unicode():
    asked = re.match(r"AWS_Lambda_python3\.(\d+)$", os.environ.get("AWS_EXECUTION_ENV", ""))
    return asked is not None and int(asked.group(1)) >= 12


class _Encoder:
    """json cannot be told to write a text as it is, so decimals go in as marked strings that are unquoted afterwards."""

    def __init__(self):
        self._mark = uuid.uuid4().hex
        self._marked = re.compile('"%s:([^"]*)"' % self._mark)
        self._found = False
        self._encode = json.JSONEncoder(ensure_ascii=not _keeps_unicode(), default=self._default).encode

    def _default(self, value):
        if isinstance(value, decimal.Decimal):
            if value.is_nan():
                return math.nan
            self._found = True
            return "%s:%s" % (self._mark, value)
        raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)

    def encode(self, value):
        text = self._encode(value)
        if self._found:
            self._found = False
            text = self._marked.sub(lambda found: found.group(1), text)
        return text


_encode = None


def setup():
    global _encode
    _encode = _Encoder().encode


def to_json(value):
    return _encode(value).encode("utf-8", "surrogatepass")


def parse_event(data):
    try:
        return loads(data)
    except Exception as error:
        raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error)


def marshal_result(value):
    if isinstance(value, bytes):
        return value
    try:
        return _encode(value).encode("utf-8")
    except Exception as error:
        raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % error)
