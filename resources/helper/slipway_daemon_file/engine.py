"""What the engine's API reports: the mirrors and insecure registries in force."""

import ipaddress
import json
import re
import socket
import struct
import time
from collections import namedtuple

from .rules import INSECURE, MIRRORS

MAX_RESPONSE_BYTES = 4 << 20

# The values in force by key, and the major version of the engine.
EngineConfig = namedtuple('EngineConfig', 'values major')


def read_engine_config(scope):
    """Returns the EngineConfig, or None if the engine does not respond at its default socket."""
    try:
        info = json.loads(_get(scope, '/info'))
        registries = info['RegistryConfig']
        insecure = [name for name, index in registries['IndexConfigs'].items() if not index['Secure']]
        insecure += registries['InsecureRegistryCIDRs'] or []
        version = re.match(r'\d+', info['ServerVersion'])
        values = {MIRRORS: normalize(MIRRORS, registries['Mirrors'] or []), INSECURE: normalize(INSECURE, insecure)}
        return EngineConfig(values, int(version.group()) if version else 0)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _get(scope, path):
    """Returns the body of the response. HTTP/1.0: the response is not chunked and ends with the connection."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(5)
        connection.connect(scope.socket)
        peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize('3i'))
        if struct.unpack('3i', peer)[1] != scope.uid:
            raise ConnectionRefusedError('the socket belongs to another user')
        connection.sendall(f'GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n'.encode())
        response = b''
        while len(response) <= MAX_RESPONSE_BYTES:
            chunk = connection.recv(1 << 16)
            if not chunk:
                break
            response += chunk
    head, _, body = response.partition(b'\r\n\r\n')
    if head.split(b' ')[1:2] != [b'200']:
        raise ValueError('the status is not 200')
    return body


def normalize(key, value):
    """Returns a value as the engine stores it: mirrors without duplicates, registries sorted and without loopback.

    docker.io stays secure although a file names it. See moby registry/config.go, loadInsecureRegistries.
    """
    if key == MIRRORS:
        return list(dict.fromkeys(mirror[:-1] if mirror.endswith('/') else mirror for mirror in value))
    return sorted({_normalize_registry(name) for name in value} - {'127.0.0.0/8', '::1/128', 'docker.io'})


def _normalize_registry(name):
    # The engine removes these schemes, with a warning in its log.
    name = re.sub('^https?://', '', name, flags=re.IGNORECASE)
    try:
        return str(ipaddress.ip_network(name, strict=False)) if '/' in name else name.lower()
    except ValueError:
        return name.lower()


def is_in_force(wanted, config):
    return all(normalize(key, value) == config.values[key] for key, value in wanted.items())


def wait_until_in_force(scope, wanted, timeout_s=10):
    """Waits until the engine has the wanted values.

    Returns whether it has, and the last EngineConfig (None if the engine did not respond).
    """
    deadline = time.monotonic() + timeout_s
    while True:
        config = read_engine_config(scope)
        if config is not None and is_in_force(wanted, config):
            return True, config
        if time.monotonic() > deadline:
            return False, config
        time.sleep(0.05)
