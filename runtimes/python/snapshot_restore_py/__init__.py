"""The published hooks around a snapshot: a template is one, each clone a restore.

register_before_snapshot(function, *args, **kwargs) and register_after_restore(...) also work as decorators.
"""

_before = []
_after = []


def register_before_snapshot(function, *args, **kwargs):
    _before.append((function, args, kwargs))
    return function


def register_after_restore(function, *args, **kwargs):
    _after.append((function, args, kwargs))
    return function


def get_before_snapshot():
    return _before


def get_after_restore():
    return _after
