"""JSON in and out, as the runtime client of AWS writes it: Decimal as a number, NaN as NaN, non-ASCII escaped before 3.12."""
import decimal
import json
import math
import os
import re

from .errors import Fault

loads = json.loads


def _keeps_unicode():
    name, _, minor = os.environ.get("AWS_EXECUTION_ENV", "").partition(".")
    return name == "AWS_Lambda_python3" and minor.isdigit() and int(minor) >= 12


class _Encoder:
    """json cannot be told to write a text as it is, so decimals go in as marked strings that are unquoted afterwards."""

    def __init__(self):
        self._mark = None  # made when it is needed: few functions do, and each start would pay for it
        self._found = False
        self._encode = json.JSONEncoder(ensure_ascii=not _keeps_unicode(), default=self._default).encode

    def _default(self, value):
        if isinstance(value, decimal.Decimal):
            if value.is_nan():
                return math.nan
            if self._mark is None:
                self._mark = os.urandom(16).hex()
            self._found = True
            return "%s:%s" % (self._mark, value)
        raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)

    def encode(self, value):
        text = self._encode(value)
        if self._found:
            self._found = False
            text = re.sub('"%s:([^"]*)"' % self._mark, lambda found: found.group(1), text)
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
