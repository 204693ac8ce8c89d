"""JSON by the letter (RFC 8259): what the engine would read differently, or what a parser would lose, is an error."""

import json


class Invalid(Exception):
    """Not JSON. Lines and columns count from 1."""

    def __init__(self, line=1, column=1, detail=''):
        super().__init__(detail)
        self.line = line
        self.column = column
        self.detail = detail


class Members(list):
    """An object as its members in order, so that none that stands twice is lost."""

    def names(self):
        return [name for name, _ in self]

    def get(self, wanted):
        return next((value for name, value in self if name == wanted), None)


class Number(str):
    """A number as it is written: 1, 1.0 and 1e0 differ, and none is too long."""


def _no_constant(name):
    raise Invalid(detail=f'{name} is not JSON')


def parse(text):
    """The value that a text stands for."""
    try:
        return json.loads(
            text, object_pairs_hook=Members, parse_int=Number, parse_float=Number, parse_constant=_no_constant
        )
    except json.JSONDecodeError as error:
        raise Invalid(error.lineno, error.colno, error.msg) from None
    except RecursionError:
        raise Invalid(detail='nested too deeply') from None


def same(one, other):
    """Whether two values are the same to the letter: order, numbers as written, members that stand twice."""
    try:
        return type(one) is type(other) and one == other and _kinds(one) == _kinds(other)
    except RecursionError:
        return False


def _kinds(value):
    # Python holds True for 1 and a list for a list, whoever it belongs to.
    if isinstance(value, Members):
        return ['object', [(name, _kinds(member)) for name, member in value]]
    if isinstance(value, list):
        return ['array', [_kinds(item) for item in value]]
    return type(value).__name__
