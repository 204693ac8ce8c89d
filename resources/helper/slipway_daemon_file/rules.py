"""Which changes of the text are allowed: only two keys may differ, and only with values that the engine accepts."""

import json
from collections import Counter

from .addresses import check_mirror, check_registry
from .errors import Refused
from .strict_json import InvalidJson, Members, is_identical, parse

MIRRORS = 'registry-mirrors'
INSECURE = 'insecure-registries'
MANAGED_KEYS = (MIRRORS, INSECURE)

MAX_FILE_BYTES = 1 << 20
MAX_MIRRORS = 3
MAX_ADDED_REGISTRIES = 50
BOM = b'\xef\xbb\xbf'


def parse_members(data):
    """Returns the members of daemon.json. A missing or blank file has none: the engine reads it as {}.

    Raises Refused if the text is too large, is not a JSON object, or has one of the managed keys twice.
    """
    if data is None:
        return Members()
    if len(data) > MAX_FILE_BYTES:
        raise Refused('file-too-large', bytes=len(data), most=MAX_FILE_BYTES)
    try:
        text = data[len(BOM) :].decode() if data.startswith(BOM) else data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b'\n', 0, error.start) + 1
        column = error.start - data.rfind(b'\n', 0, error.start)
        raise Refused('file-invalid', line=line, column=column, detail='not UTF-8') from None
    if not text.strip(' \t\r\n'):
        return Members()
    try:
        value = parse(text)
    except InvalidJson as error:
        raise Refused('file-invalid', line=error.line, column=error.column, detail=error.detail) from None
    if not isinstance(value, Members):
        raise Refused('file-invalid', line=1, column=1, detail='not an object')
    for key in MANAGED_KEYS:
        if value.names().count(key) > 1:
            raise Refused('file-duplicate-key', key=key)
    return value


def try_parse_members(data):
    """Returns the members, or None if `parse_members` refuses the text."""
    try:
        return parse_members(data)
    except Refused:
        return None


def check_not_json(data):
    """Refuses a missing file and a JSON object, also an object that the engine rejects: it has settings to keep."""
    try:
        parse_members(data)
    except Refused as refused:
        if refused.code == 'file-invalid':
            return
        if refused.code != 'file-duplicate-key':
            raise
    raise Refused('file-valid')


def check_change(old, new, paths_allowed):
    """Refuses a new text that changes more than the values of managed keys, or that the engine would reject."""
    old_members = parse_members(old)
    if len(new) > MAX_FILE_BYTES:
        raise Refused('text-too-large', bytes=len(new), most=MAX_FILE_BYTES)
    try:
        new_members = parse_members(new)
    except Refused as refused:
        raise Refused('text-invalid', why=refused.code, **refused.facts) from None
    if not new.lstrip(BOM).strip():
        raise Refused('text-invalid', why='file-invalid', line=1, column=1, detail='empty')
    others_are_identical = is_identical(_unmanaged(old_members), _unmanaged(new_members))
    if new.startswith(BOM) != (old or b'').startswith(BOM) or not others_are_identical:
        raise Refused('text-elsewhere')
    for key in MANAGED_KEYS:
        # A running engine keeps the values of a key that disappears (moby daemon/reload.go); only [] clears them.
        if key in old_members.names() and key not in new_members.names():
            raise Refused('key-removed', key=key)
        old_value, new_value = old_members.get(key), new_members.get(key)
        is_unchanged = key in old_members.names() and is_identical(old_value, new_value)
        if key in new_members.names() and not is_unchanged:
            _check_value(key, old_value, new_value, paths_allowed)


def _unmanaged(all_members):
    return Members((name, value) for name, value in all_members if name not in MANAGED_KEYS)


def _check_value(key, old, new, paths_allowed):
    """Checks what the change adds. What stands in the file already may stay, whatever it is."""
    if not _is_string_list(new):
        raise Refused('text-invalid', why='wrong-type', key=key)
    added = list((Counter(new) - Counter(old if _is_string_list(old) else [])).elements())
    if key == MIRRORS:
        if len(new) > MAX_MIRRORS:
            raise Refused('too-many-mirrors', most=MAX_MIRRORS)
        for mirror in added:
            check_mirror(mirror, paths_allowed)
    else:
        if len(added) > MAX_ADDED_REGISTRIES:
            raise Refused('too-many-registries', most=MAX_ADDED_REGISTRIES)
        for registry in added:
            check_registry(registry)


def _is_string_list(value):
    return type(value) is list and all(type(item) is str for item in value)


def with_members(data, values):
    """Returns the text with the values added as its first members. The text must not have their keys yet."""
    existing = parse_members(data)
    added = ', '.join(f'{json.dumps(name)}: {json.dumps(value)}' for name, value in values.items())
    if not data or not data.lstrip(BOM).strip():
        return f'{{{added}}}\n'.encode()
    start = data.index(b'{') + 1
    return data[:start] + added.encode() + (b',' if existing else b'') + data[start:]
