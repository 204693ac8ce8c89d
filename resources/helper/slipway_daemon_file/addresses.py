"""The addresses of mirrors and registries that a change may add, by a grammar that every engine accepts.

The app has the same grammar (model/mirrors/address.ts), so that it refuses an address before it asks for a password.
"""

import ipaddress
import re

from .errors import Refused

MAX_ADDRESS_CHARACTERS = 300

_BYTE = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])'
_IPV4 = re.compile(rf'{_BYTE}(?:[.]{_BYTE}){{3}}')
_LABEL = re.compile('[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?')
# Programs read a host that ends in a number as an IPv4 address.
_NUMBER = re.compile('[0-9]+|0[xX][0-9A-Fa-f]*')
_HOST_AND_PORT = re.compile(r'(\[[0-9A-Fa-f:.]*\]|[^][:/?#@]*)(?::([0-9]{1,5}))?')
_MIRROR = re.compile('([Hh][Tt][Tt][Pp][Ss]?)://([^/]*)(/[A-Za-z0-9._~/-]*)?')


def check_mirror(mirror, paths_allowed):
    """Refuses what an engine would refuse, or could not reach. See moby registry/config.go, ValidateMirror."""
    match = _MIRROR.fullmatch(mirror) if len(mirror) <= MAX_ADDRESS_CHARACTERS else None
    if not match or not _is_host_and_port(match.group(2)) or (match.group(3) or '/') != '/' and not paths_allowed:
        raise Refused('mirror-invalid', mirror=mirror[:MAX_ADDRESS_CHARACTERS])


def check_registry(registry):
    """Refuses anything but an exact host with an optional port: a network would make too many hosts insecure.

    An IPv6 address needs a port: moby registry/config.go, validateHostPort.
    """
    is_valid = len(registry) <= MAX_ADDRESS_CHARACTERS and _is_host_and_port(registry)
    if not is_valid or registry.endswith(']'):
        raise Refused('registry-invalid', registry=registry[:MAX_ADDRESS_CHARACTERS])


def _is_host_and_port(text):
    match = _HOST_AND_PORT.fullmatch(text)
    if not match or (match.group(2) and not 0 < int(match.group(2)) < 65536):
        return False
    host = match.group(1)
    return _is_ipv6(host[1:-1]) if host.startswith('[') else _is_name_or_ipv4(host)


def _is_name_or_ipv4(host):
    labels = host.split('.')
    if _NUMBER.fullmatch(labels[-1]):
        return bool(_IPV4.fullmatch(host))
    return len(host) <= 253 and all(map(_LABEL.fullmatch, labels))


def _is_ipv6(address):
    """Without a zone. The end may be an IPv4 address, in which old versions of Python accept leading zeros."""
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return False
    return '.' not in address or bool(_IPV4.fullmatch(address.rpartition(':')[2]))
