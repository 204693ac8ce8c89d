"""Where daemon.json is, and whether it is safe to change. The path comes from the scope, never from the caller."""

import hashlib
import os
import stat
from collections import namedtuple

from .errors import Refused, refused_from_os_error
from .rules import MAX_FILE_BYTES
from .trusted_path import open_trusted_folder, resolve

SYSTEM_DOCKERD_PATHS = ('/usr/bin/dockerd', '/usr/sbin/dockerd', '/usr/local/bin/dockerd')

# configured: the path that the engine uses. is_link: whether it is a symlink. folder and name: the real file.
ConfigPath = namedtuple('ConfigPath', 'scope kind configured folder name is_link')

# data is None if the file does not exist. The attributes of MISSING are those of a new file.
FileState = namedtuple('FileState', 'data uid gid mode xattrs')
MISSING = FileState(None, os.geteuid(), os.getegid(), 0o644, {})


def locate_config(scope):
    """Returns the ConfigPath of the installed engine.

    Raises Refused if others could change anything on the path, its symlinks and their targets included, or if the
    target of a symlink is missing.
    """
    kind = _installed_kind(scope)
    configured = scope.files[kind]
    folder, _ = resolve(scope, os.path.dirname(configured))
    name = os.path.basename(configured)
    link = os.path.join(folder, name)
    if not os.path.islink(link):
        return ConfigPath(scope, kind, configured, folder, name, False)
    # The link is kept; its target is replaced, unless others can change it.
    target, info = resolve(scope, link)
    if info is None:
        raise Refused('file-odd', what='link-broken', target=target)
    if not stat.S_ISREG(info.st_mode) or not scope.trusts(info):
        raise Refused('file-odd', what='link-unsafe', target=target)
    return ConfigPath(scope, kind, configured, *os.path.split(target), True)


def _installed_kind(scope):
    """The default kind; 'snap' only if Docker's snap is the only installation."""
    default, *others = scope.files
    has_snap = 'snap' in others and os.path.isdir(os.path.dirname(scope.files['snap']))
    return 'snap' if has_snap and not any(os.path.exists(path) for path in SYSTEM_DOCKERD_PATHS) else default


def open_folder(path):
    return open_trusted_folder(path.scope, path.folder)


def read_config(path):
    """Returns the file's current content, owner, mode and extended attributes, or MISSING."""
    try:
        folder = open_folder(path)
    except FileNotFoundError:
        return MISSING
    except OSError as error:
        raise refused_from_os_error(error, path.folder) from None
    try:
        return _read_in(folder, path)
    except OSError as error:
        raise refused_from_os_error(error, path.folder) from None
    finally:
        os.close(folder)


def _read_in(folder, path):
    try:
        info = os.lstat(path.name, dir_fd=folder)
    except FileNotFoundError:
        return MISSING
    defect = find_defect(info)
    if defect:
        raise Refused('file-odd', what=defect, target=os.path.join(path.folder, path.name))
    file = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        info = os.fstat(file)
        if find_defect(info):
            raise Refused('file-odd', what=find_defect(info), target=os.path.join(path.folder, path.name))
        data = b''
        # Reads up to one byte more than allowed, because the size in `info` may be wrong.
        while len(data) <= MAX_FILE_BYTES:
            chunk = os.read(file, MAX_FILE_BYTES + 1 - len(data))
            if not chunk:
                break
            data += chunk
        if len(data) > MAX_FILE_BYTES:
            raise Refused('file-too-large', bytes=info.st_size, most=MAX_FILE_BYTES)
        return FileState(data, info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode), _read_xattrs(file))
    finally:
        os.close(file)


def find_defect(info):
    """Returns why the file cannot be replaced, or None if it can."""
    if stat.S_ISDIR(info.st_mode):
        return 'folder'
    if not stat.S_ISREG(info.st_mode):
        return 'special'
    # Replacing the file would leave the old content under its other name.
    return 'hard-link' if info.st_nlink > 1 else None


def _read_xattrs(file):
    """The extended attributes: access control lists and SELinux labels."""
    try:
        return {name: os.getxattr(file, name) for name in os.listxattr(file)}
    except OSError:
        return {}


def hash_of(data):
    """The SHA-256 of the bytes in hex; None for None, which stands for a missing file."""
    return None if data is None else hashlib.sha256(data).hexdigest()
