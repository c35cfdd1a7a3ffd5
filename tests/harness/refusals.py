"""Calls that have to be refused."""

import pytest
from botocore.exceptions import ClientError


def refused(code, text, call, **arguments):
    """`text` is in the message."""
    with pytest.raises(ClientError) as error:
        call(**arguments)
    assert error.value.response["Error"]["Code"] == code, error.value
    assert text in error.value.response["Error"]["Message"]
