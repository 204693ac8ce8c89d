"""Which text may take the place of which: only two keys may differ, and only in ways that the engine takes."""

import ipaddress
import json
import re
from urllib.parse import urlsplit

from .refusal import Refused
from .strict import Invalid, Members, parse, same

MIRRORS = 'registry-mirrors'
INSECURE = 'insecure-registries'
OURS = (MIRRORS, INSECURE)

MOST_BYTES = 1 << 20
MOST_MIRRORS = 3
BOM = b'\xef\xbb\xbf'


def members(data):
    """The members of daemon.json. A missing or blank file has none: the engine reads it as {}."""
    if data is None:
        return Members()
    if len(data) > MOST_BYTES:
        raise Refused('file-too-large', bytes=len(data), most=MOST_BYTES)
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
    except Invalid as error:
        raise Refused('file-invalid', line=error.line, column=error.column, detail=error.detail) from None
    if not isinstance(value, Members):
        raise Refused('file-invalid', line=1, column=1, detail='not an object')
    for key in OURS:
        if value.names().count(key) > 1:
            raise Refused('file-duplicate-key', key=key)
    return value


def parsable(data):
    """Its members, or nothing where it cannot be parsed."""
    try:
        return members(data)
    except Refused:
        return None


def check_change(old, new, paths_allowed):
    """Refuses a new text that differs from the old one in anything but our keys, or that the engine would refuse."""
    before = members(old)
    if len(new) > MOST_BYTES:
        raise Refused('text-too-large', bytes=len(new), most=MOST_BYTES)
    try:
        after = members(new)
    except Refused as refused:
        raise Refused('text-invalid', why=refused.code, **refused.facts) from None
    if not new.lstrip(BOM).strip():
        raise Refused('text-invalid', why='file-invalid', line=1, column=1, detail='empty')
    if new.startswith(BOM) != (old or b'').startswith(BOM) or not same(_others(before), _others(after)):
        raise Refused('text-elsewhere')
    for key in OURS:
        # A running engine keeps the values of a key that disappears (moby daemon/reload.go); only [] clears them.
        if key in before.names() and key not in after.names():
            raise Refused('key-removed', key=key)
        if key in after.names() and not (key in before.names() and same(before.get(key), after.get(key))):
            _check_value(key, after.get(key), paths_allowed)


def _others(all_members):
    return Members((name, value) for name, value in all_members if name not in OURS)


def _check_value(key, value, paths_allowed):
    if type(value) is not list or not all(type(item) is str for item in value):
        raise Refused('text-invalid', why='wrong-type', key=key)
    if key == MIRRORS:
        if len(value) > MOST_MIRRORS:
            raise Refused('too-many-mirrors', most=MOST_MIRRORS)
        for mirror in value:
            _check_mirror(mirror, paths_allowed)
    else:
        for registry in value:
            _check_registry(registry)


def _check_mirror(mirror, paths_allowed):
    """By the engine's own rules: moby registry/config.go, ValidateMirror."""

    def refuse(why):
        raise Refused('mirror-invalid', mirror=mirror[:300], why=why)

    # Go's parser takes none of these in a host, and Python's drops some without a word.
    if len(mirror) > 300 or not re.fullmatch(r'[!-~]+', mirror) or re.search(r'[\\^`{|}<>"]', mirror):
        refuse('characters')
    try:
        url = urlsplit(mirror)
        port = url.port
    except ValueError:
        refuse('not-a-url')
    if url.scheme not in ('http', 'https'):
        refuse('scheme')
    if '@' in url.netloc:
        refuse('user')
    if '?' in mirror or '#' in mirror:
        refuse('query')
    if not url.hostname or port == 0 or url.netloc.endswith(':') or '%' in url.netloc:
        refuse('host')
    if url.path not in ('', '/') and not (paths_allowed and re.fullmatch(r'/[A-Za-z0-9._~/-]*', url.path)):
        refuse('path')


def _check_registry(registry):
    """host, host:port, or addresses as 10.0.0.0/8: moby registry/config.go, loadInsecureRegistries."""
    if '/' in registry:
        try:
            ipaddress.ip_network(registry, strict=False)
            return
        except ValueError:
            pass
    host = r'(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])'
    named = re.fullmatch(rf'{host}(?::([0-9]{{1,5}}))?', registry) if len(registry) <= 300 else None
    if not named or (named.group(1) and not 0 < int(named.group(1)) < 65536):
        raise Refused('registry-invalid', registry=registry[:300])


def with_members(data, values):
    """A text with more members, put first. Only for keys that it has not got; all else stays as it is."""
    had = members(data)
    added = ', '.join(f'{json.dumps(name)}: {json.dumps(value)}' for name, value in values.items())
    if not data or not data.lstrip(BOM).strip():
        return f'{{{added}}}\n'.encode()
    start = data.index(b'{') + 1
    return data[:start] + added.encode() + (b',' if had else b'') + data[start:]
