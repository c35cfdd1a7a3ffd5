"""What a rehearsal (rehearsal.py) takes for a function."""


def handler(event, context):
    return event
