"""One file in another's place, at once or not at all: it is never half there, and nobody else's bytes are lost."""

import os
import stat

from .place import MISSING, hash_of, open_folder, read_found
from .refusal import Refused, refused_by_system


def put(place, data, kept, expected):
    """Puts bytes in the place, or nothing for None, with the owner and mode of `kept`.

    `expected` are the hashes of what may be there now: anything else is somebody's change, and stays.
    """
    try:
        folder = open_folder(place)
    except OSError as error:
        raise refused_by_system(error, place.folder) from None
    try:
        if data is None:
            _expect(place, expected)
            if read_found(place) is not MISSING:
                os.unlink(place.name, dir_fd=folder)
        else:
            _replace(folder, place, data, kept, expected)
        os.fsync(folder)
    except OSError as error:
        raise refused_by_system(error, place.folder) from None
    finally:
        os.close(folder)


def _replace(folder, place, data, kept, expected):
    name = f'{_prefix(place)}{os.urandom(8).hex()}'
    write_new(folder, name, data, kept)
    try:
        _expect(place, expected)
        os.rename(name, place.name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.unlink(name, dir_fd=folder)
        raise


def write_new(folder, name, data, kept):
    """A file that did not exist, whole and on the disk; none if that fails."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(name, flags, 0o600, dir_fd=folder)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fchown(file, kept.uid, kept.gid)
        os.fchmod(file, kept.mode)
        for extra, value in kept.extras.items():
            _keep_extra(file, extra, value)
        os.fsync(file)
    except BaseException:
        os.unlink(name, dir_fd=folder)
        raise
    finally:
        os.close(file)


def _keep_extra(file, name, value):
    try:
        os.setxattr(file, name, value)
    except OSError:
        pass  # not every file system and kernel lets even root write each of them; the folder's default holds then


def _expect(place, expected):
    found = hash_of(read_found(place).data)
    if found not in expected:
        raise Refused('file-changed', hash=found)


def _prefix(place):
    return f'.{place.name}.slipway-'


def sweep(place):
    """Removes what a crash has left of a swap: files that were never in place."""
    try:
        folder = open_folder(place)
    except OSError:
        return
    try:
        for name in os.listdir(folder):
            if name.startswith(_prefix(place)) and stat.S_ISREG(os.lstat(name, dir_fd=folder).st_mode):
                os.unlink(name, dir_fd=folder)
    except OSError:
        pass  # it is in nobody's way
    finally:
        os.close(folder)
