"""Replaces a file atomically: the file is never incomplete. Right before, it is checked for changes by other programs."""

import os
import stat

from .config_file import MISSING, hash_of, open_folder, read_config
from .errors import Refused, refused_from_os_error


def replace_file(path, data, attributes, expected_hashes):
    """Writes `data` with the owner, mode and extended attributes of `attributes`. Deletes the file if `data` is None.

    Raises Refused('file-changed') if the current content is none of `expected_hashes`: another program changed it.
    """
    try:
        folder = open_folder(path)
    except OSError as error:
        raise refused_from_os_error(error, path.folder) from None
    try:
        if data is None:
            _check_unchanged(path, expected_hashes)
            if read_config(path) is not MISSING:
                os.unlink(path.name, dir_fd=folder)
        else:
            _write_and_rename(folder, path, data, attributes, expected_hashes)
        os.fsync(folder)
    except OSError as error:
        raise refused_from_os_error(error, path.folder) from None
    finally:
        os.close(folder)


def _write_and_rename(folder, path, data, attributes, expected_hashes):
    name = f'{_temporary_prefix(path)}{os.urandom(8).hex()}'
    create_file(folder, name, data, attributes)
    try:
        _check_unchanged(path, expected_hashes)
        os.rename(name, path.name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.unlink(name, dir_fd=folder)
        raise


def create_file(folder, name, data, attributes):
    """Creates a file that must not exist, and syncs it to disk. Leaves no file if that fails."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(name, flags, 0o600, dir_fd=folder)
    try:
        remaining = memoryview(data)
        while remaining:
            remaining = remaining[os.write(file, remaining) :]
        os.fchown(file, attributes.uid, attributes.gid)
        os.fchmod(file, attributes.mode)
        for xattr, value in attributes.xattrs.items():
            _set_xattr(file, xattr, value)
        os.fsync(file)
    except BaseException:
        os.unlink(name, dir_fd=folder)
        raise
    finally:
        os.close(file)


def _set_xattr(file, name, value):
    try:
        os.setxattr(file, name, value)
    except OSError:
        pass  # some file systems and kernels refuse this even to root; the folder's default attributes apply then


def _check_unchanged(path, expected_hashes):
    found_hash = hash_of(read_config(path).data)
    if found_hash not in expected_hashes:
        raise Refused('file-changed', hash=found_hash)


def _temporary_prefix(path):
    return f'.{path.name}.slipway-'


def remove_temporary_files(path):
    """Removes temporary files that a crash during a replacement has left."""
    try:
        folder = open_folder(path)
    except OSError:
        return
    try:
        for name in os.listdir(folder):
            if name.startswith(_temporary_prefix(path)) and stat.S_ISREG(os.lstat(name, dir_fd=folder).st_mode):
                os.unlink(name, dir_fd=folder)
    except OSError:
        pass  # a leftover file does no harm
    finally:
        os.close(folder)
