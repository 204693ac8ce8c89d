"""Which mends of a broken text are allowed: only white space and punctuation may differ, and no word may change."""

import re

from .errors import Refused
from .rules import BOM, MANAGED_KEYS, MAX_FILE_BYTES, parse_members, try_parse_members

# Quotes, brackets, commas and colons of JSON, and their full-width and typographic forms. The app has the same rule
# (model/daemon-config/same-content.ts).
_PUNCTUATION = '"\'`“”„‟‘’‚‛＂＇[]［］【】{}｛｝,，、:：'
_SPACES = ' \t\n\v\f\r\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u2060\u3000\ufeff' + ''.join(
    map(chr, range(0x2000, 0x200E))
)
_SEPARATORS = re.compile(f'[{re.escape(_PUNCTUATION + _SPACES)}]+')


def check_mend(old, new):
    """Refuses a new text unless the old one is broken, the new one is not, and both have the same words in order."""
    if old is None or not _is_broken(old):
        raise Refused('file-valid')
    if len(old) > MAX_FILE_BYTES:
        raise Refused('file-too-large', bytes=len(old), most=MAX_FILE_BYTES)
    if len(new) > MAX_FILE_BYTES:
        raise Refused('text-too-large', bytes=len(new), most=MAX_FILE_BYTES)
    try:
        parse_members(new)
    except Refused as refused:
        raise Refused('text-invalid', why=refused.code, **refused.facts) from None
    if _is_broken(new):
        raise Refused('text-invalid', why='still-broken')
    try:
        same = _words(old) == _words(new)
    except UnicodeDecodeError:
        same = False
    if not same:
        raise Refused('text-elsewhere')


def _is_broken(data):
    """Whether some engine cannot read the text, or a managed key has a value of the wrong type."""
    members = try_parse_members(data)
    # Docker 20.10 reads neither a byte order mark nor a blank text.
    if members is None or data.startswith(BOM) or not data.strip():
        return True
    return not all(_is_list_of_strings(value) for name, value in members if name in MANAGED_KEYS and value is not None)


def _is_list_of_strings(value):
    return type(value) is list and all(type(item) is str for item in value)


def _words(data):
    return [word for word in _SEPARATORS.split(data.decode()) if word]
