"""What the engine itself says: the mirrors and insecure registries in force."""

import ipaddress
import json
import re
import socket
import struct
import time
from collections import namedtuple

from .rules import INSECURE, MIRRORS

MOST_BYTES = 4 << 20

# What is in force by key, and the number before the first point of the version.
InForce = namedtuple('InForce', 'values major')


def in_force(side):
    """Nothing where the engine does not answer at its usual socket."""
    try:
        info = json.loads(_get(side, '/info'))
        registries = info['RegistryConfig']
        insecure = [name for name, index in registries['IndexConfigs'].items() if not index['Secure']]
        insecure += registries['InsecureRegistryCIDRs'] or []
        version = re.match(r'\d+', info['ServerVersion'])
        values = {MIRRORS: as_taken(MIRRORS, registries['Mirrors'] or []), INSECURE: as_taken(INSECURE, insecure)}
        return InForce(values, int(version.group()) if version else 0)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _get(side, path):
    """The body of an answer. HTTP/1.0: the answer ends with the connection, and comes in one piece."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(5)
        connection.connect(side.socket)
        peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize('3i'))
        if struct.unpack('3i', peer)[1] != side.uid:
            raise ConnectionRefusedError('not whom it belongs to')
        connection.sendall(f'GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n'.encode())
        answer = b''
        while len(answer) <= MOST_BYTES:
            more = connection.recv(1 << 16)
            if not more:
                break
            answer += more
    head, _, body = answer.partition(b'\r\n\r\n')
    if head.split(b' ')[1:2] != [b'200']:
        raise ValueError('no answer')
    return body


def as_taken(key, value):
    """A value as the engine holds it: mirrors without doubles, registries in no order, loopback never named."""
    if key == MIRRORS:
        return list(dict.fromkeys(mirror[:-1] if mirror.endswith('/') else mirror for mirror in value))
    return sorted({_registry(name) for name in value} - {'127.0.0.0/8', '::1/128'})


def _registry(name):
    try:
        return str(ipaddress.ip_network(name, strict=False)) if '/' in name else name.lower()
    except ValueError:
        return name.lower()


def agrees(wanted, found):
    return all(as_taken(key, value) == found.values[key] for key, value in wanted.items())


def confirm(side, wanted, patience=10):
    """Waits until the engine has what is wanted. Gives what it had at last, or nothing where it cannot be asked."""
    until = time.monotonic() + patience
    while True:
        found = in_force(side)
        if found is not None and agrees(wanted, found):
            return True, found
        if time.monotonic() > until:
            return False, found
        time.sleep(0.05)
