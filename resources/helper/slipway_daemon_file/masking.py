"""What the helper tells of a file that not everybody may read: each byte of other settings' strings becomes an x.

So offsets stay, and a caller can make edits without knowing what it does not change.
"""

import os
import re
import stat

from .rules import MANAGED_KEYS, parse_members
from .strict_json import parse

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]', re.DOTALL)


def is_public(path, current):
    """Whether everybody may read the file, by the modes of the file and of all folders above. ACLs count as a no."""
    if path.scope.caller_may_read or current.data is None:
        return True
    if not _is_open(current.mode, stat.S_IRGRP | stat.S_IROTH) or _has_acl(current.xattrs):
        return False
    folder = path.folder
    while _is_open(os.stat(folder).st_mode, stat.S_IXGRP | stat.S_IXOTH) and not _has_acl(_xattr_names(folder)):
        if folder == '/':
            return True
        folder = os.path.dirname(folder)
    return False


def _is_open(mode, bits):
    # A mode may deny to its group what it allows to all others.
    return mode & bits == bits


def _xattr_names(folder):
    try:
        return os.listxattr(folder)
    except OSError:
        return []  # this file system has no extended attributes, and so no ACLs


def _has_acl(names):
    return any(name.startswith('system.') for name in names)


def mask(data):
    """The text with an x for each hidden byte. Raises Refused if the text cannot be parsed."""
    masked = bytearray(data)
    for start, end in hidden_strings(data):
        masked[start + 1 : end - 1] = b'x' * (end - start - 2)
    return bytes(masked)


def hidden_strings(data):
    """Where the strings are that are hidden: all but the names of settings, mirrors and insecure registries.

    Each is a pair of a start and an exclusive end, in bytes, with the quotes. Raises Refused if the text cannot be parsed.
    """
    parse_members(data)
    strings = []
    depth, name, expects_name = 0, None, False
    for match in _TOKEN.finditer(data or b''):
        token = match.group()
        if token in (b'{', b'['):
            depth += 1
            expects_name = depth == 1
        elif token in (b'}', b']'):
            depth -= 1
        elif token == b',':
            expects_name = depth == 1
        elif token == b':':
            expects_name = False
        elif expects_name:
            name = parse(token.decode())
        elif name not in MANAGED_KEYS:
            strings.append(match.span())
    return strings
