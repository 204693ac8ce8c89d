"""The edits of a change: each replaces a range of the file's bytes by a text."""

import re
from collections import namedtuple

from .errors import Refused
from .masking import hidden_strings
from .rules import try_parse_members
from .strict_json import NumberText

MAX_EDITS = 16

# The bytes from `start` to the exclusive `end` are replaced by the bytes of `text`.
Edit = namedtuple('Edit', 'start end text')


def parse_edits(values):
    """Returns the Edits of a list of [offset, length, text]. They must be in the order of the file and not overlap."""
    if len(values) > MAX_EDITS:
        raise Refused('bad-request', detail='too many edits')
    edits = [_parse_edit(value) for value in values]
    if any(edit.end > following.start for edit, following in zip(edits, edits[1:])):
        raise Refused('bad-request', detail='edits that overlap or are not in order')
    return edits


def _parse_edit(value):
    if type(value) is not list or [type(item) for item in value] != [NumberText, NumberText, str]:
        raise Refused('bad-request', detail='invalid edit')
    *numbers, text = value
    if not all(re.fullmatch('[0-9]{1,8}', number) for number in numbers):
        raise Refused('bad-request', detail='invalid edit')
    offset, length = map(int, numbers)
    try:
        return Edit(offset, offset + length, text.encode())
    except UnicodeEncodeError:
        raise Refused('bad-request', detail='the text is not valid Unicode') from None


def apply_edits(data, edits):
    """Returns the edited text. A missing file is edited like an empty one.

    Refuses edits that touch a hidden string or change its place, whoever may read the file: whether the result is valid,
    or the same as before, would tell something about the string.
    """
    hidden = hidden_strings(data)
    old = data or b''
    parts, position = [], 0
    for start, end, text in edits:
        if end > len(old):
            raise Refused('bad-request', detail='an edit beyond the end of the file')
        if any(start < hidden_end and end > hidden_start for hidden_start, hidden_end in hidden):
            raise Refused('text-elsewhere')
        parts += [old[position:start], text]
        position = end
    new = b''.join([*parts, old[position:]])
    if try_parse_members(new) is not None and hidden_strings(new) != [_moved(span, edits) for span in hidden]:
        raise Refused('text-elsewhere')
    return new


def _moved(span, edits):
    """Where the edits move a range of bytes that they do not touch."""
    shift = sum(len(text) - (end - start) for start, end, text in edits if end <= span[0])
    return span[0] + shift, span[1] + shift
