"""Which file it is, and whether it is safe to touch. Nobody says a path: each side has its own (side.py)."""

import hashlib
import os
import stat
from collections import namedtuple

from .refusal import Refused, refused_by_system
from .rules import MOST_BYTES

SYSTEM_ENGINES = ('/usr/bin/dockerd', '/usr/sbin/dockerd', '/usr/local/bin/dockerd')

# path: what the engine is told. folder and name: where the bytes are. link: whether these differ.
Place = namedtuple('Place', 'kind path folder name link')

# data is None where there is no file; a new one is whose the process is.
Found = namedtuple('Found', 'data uid gid mode extras')
MISSING = Found(None, os.geteuid(), os.getegid(), 0o644, {})


def find_place(side):
    """The file of the engine that is installed."""
    kind = _installed(side)
    path = side.files[kind]
    folder = os.path.realpath(os.path.dirname(path))
    name = os.path.basename(path)
    _check_folder(side, folder)
    try:
        info = os.lstat(os.path.join(folder, name))
    except FileNotFoundError:
        return Place(kind, path, folder, name, False)
    if not stat.S_ISLNK(info.st_mode):
        return Place(kind, path, folder, name, False)
    target = os.path.realpath(os.path.join(folder, name))
    _check_target(side, target)
    return Place(kind, path, os.path.dirname(target), os.path.basename(target), True)


def _installed(side):
    """The usual kind; the snap's only where it is the only one."""
    usual, *others = side.files
    snap = 'snap' in others and os.path.isdir(os.path.dirname(side.files['snap']))
    return 'snap' if snap and not any(os.path.exists(engine) for engine in SYSTEM_ENGINES) else usual


def _check_folder(side, folder):
    """Whoever can write into a folder on the way can put another file there while we work."""
    at = folder
    while not os.path.lexists(at):
        at = os.path.dirname(at)
    while True:
        info = os.lstat(at)
        if not stat.S_ISDIR(info.st_mode) or not side.trusts(info):
            raise Refused('folder-unsafe', folder=at)
        if at == '/':
            return
        at = os.path.dirname(at)


def _check_target(side, target):
    """The link stays. What it points at is replaced only if nobody else could have put it there."""
    try:
        info = os.lstat(target)
    except OSError:
        raise Refused('file-odd', what='link-broken', target=target) from None
    if not stat.S_ISREG(info.st_mode) or not side.trusts(info):
        raise Refused('file-odd', what='link-unsafe', target=target)
    _check_folder(side, os.path.dirname(target))


def open_folder(place):
    return os.open(place.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def read_found(place):
    """What is there now: its bytes, owner and mode."""
    try:
        folder = open_folder(place)
    except FileNotFoundError:
        return MISSING
    try:
        return _read_in(folder, place)
    except OSError as error:
        raise refused_by_system(error, place.folder) from None
    finally:
        os.close(folder)


def _read_in(folder, place):
    try:
        info = os.lstat(place.name, dir_fd=folder)
    except FileNotFoundError:
        return MISSING
    odd = odd_in(info)
    if odd:
        raise Refused('file-odd', what=odd, target=os.path.join(place.folder, place.name))
    file = os.open(place.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        info = os.fstat(file)
        if odd_in(info):
            raise Refused('file-odd', what=odd_in(info), target=os.path.join(place.folder, place.name))
        data = b''
        # One byte more tells that it is too large, whatever its size was said to be.
        while len(data) <= MOST_BYTES:
            more = os.read(file, MOST_BYTES + 1 - len(data))
            if not more:
                break
            data += more
        if len(data) > MOST_BYTES:
            raise Refused('file-too-large', bytes=info.st_size, most=MOST_BYTES)
        return Found(data, info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode), _extras(file))
    finally:
        os.close(file)


def odd_in(info):
    """Why a file is none that can be replaced."""
    if stat.S_ISDIR(info.st_mode):
        return 'folder'
    if not stat.S_ISREG(info.st_mode):
        return 'special'
    # Under its other name it would stay as it was.
    return 'hard-link' if info.st_nlink > 1 else None


def _extras(file):
    """What is kept beside owner and mode: access lists, the labels of SELinux."""
    try:
        return {name: os.getxattr(file, name) for name in os.listxattr(file)}
    except OSError:
        return {}


def hash_of(data):
    """The name of some bytes; nothing for no file."""
    return None if data is None else hashlib.sha256(data).hexdigest()
