"""Strict JSON: rejects what Python accepts but RFC 8259 forbids, and keeps what parsers usually lose."""

import json


class InvalidJson(Exception):
    """The text is not JSON. Lines and columns count from 1."""

    def __init__(self, line=1, column=1, detail=''):
        super().__init__(detail)
        self.line = line
        self.column = column
        self.detail = detail


class Members(list):
    """A JSON object as a list of (name, value) in order, so that duplicate keys are kept."""

    def names(self):
        return [name for name, _ in self]

    def get(self, key):
        return next((value for name, value in self if name == key), None)


class NumberText(str):
    """A number as it is written: 1, 1.0 and 1e0 differ, and no number is too long to read."""


def _refuse_constant(name):
    raise InvalidJson(detail=f'{name} is not JSON')


def parse(text):
    """Returns the parsed value, with objects as Members and numbers as NumberText. Raises InvalidJson."""
    try:
        return json.loads(
            text,
            object_pairs_hook=Members,
            parse_int=NumberText,
            parse_float=NumberText,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise InvalidJson(error.lineno, error.colno, error.msg) from None
    except RecursionError:
        raise InvalidJson(detail='nested too deeply') from None


def is_identical(a, b):
    """Whether two values are the same, including member order, duplicate keys and how numbers are written."""
    try:
        return type(a) is type(b) and a == b and _types_of(a) == _types_of(b)
    except RecursionError:
        return False


def _types_of(value):
    # `==` is not enough: to Python, True equals 1, and a Members equals a plain list.
    if isinstance(value, Members):
        return ['object', [(name, _types_of(member)) for name, member in value]]
    if isinstance(value, list):
        return ['array', [_types_of(item) for item in value]]
    return type(value).__name__
