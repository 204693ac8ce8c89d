"""Follows a path one name at a time, and refuses it if others could change anything on the way.

To check the two ends of a path is not enough: whoever can write to a folder in the middle can swap what is in it, also
between the check and the use. So each name is opened relative to the folder before it, and what was opened is checked.
"""

import contextlib
import os
import stat
from collections import namedtuple

from .errors import Refused, refused_from_os_error

# As many as the kernel follows.
MAX_LINKS = 40

_ENTRY_FLAGS = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC

# path: the real path, without symlinks. info: its os.stat_result, or None if the path does not exist.
Resolved = namedtuple('Resolved', 'path info')


def resolve(scope, path):
    """Follows the symlinks of an absolute path, and returns the Resolved.

    Raises Refused if others could change a folder or a symlink on the way. A file at the end remains to be checked.
    """
    with _walk(scope, path, MAX_LINKS) as (entry, real_path):
        return Resolved(real_path, None if entry is None else os.fstat(entry))


def open_trusted_folder(scope, folder):
    """Opens a folder by its real path. Checks the path again, since something else may be in its place by now.

    Raises Refused if others could change a folder on the way, and FileNotFoundError if the folder does not exist.
    """
    with _walk(scope, folder, max_links=0) as (entry, _):
        if entry is None:
            raise FileNotFoundError(f'{folder} does not exist')
        return os.open('.', os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=entry)


@contextlib.contextmanager
def _walk(scope, path, max_links):
    """Yields a descriptor of what is at the end of the path, or None if it does not exist, and the real path."""
    with contextlib.ExitStack() as opened:

        def open_entry(name, folder=None):
            entry = os.open(name, _ENTRY_FLAGS, dir_fd=folder)
            opened.callback(os.close, entry)
            return entry

        remaining, links = _names_of(path), 0
        entry, real_path = open_entry('/'), '/'
        while True:
            info = os.fstat(entry)
            is_folder = stat.S_ISDIR(info.st_mode)
            if (is_folder and not scope.trusts(info)) or (remaining and not is_folder):
                raise Refused('folder-unsafe', folder=real_path)
            if not remaining:
                break
            name, *remaining = remaining
            next_path = os.path.normpath(os.path.join(real_path, name))
            try:
                next_entry = open_entry(name, entry)
            except FileNotFoundError:
                if '..' in remaining:
                    raise Refused('file-odd', what='link-broken', target=next_path) from None
                entry, real_path = None, os.path.join(next_path, *remaining)
                break
            except OSError as error:
                raise refused_from_os_error(error, real_path) from None
            next_info = os.fstat(next_entry)
            if not stat.S_ISLNK(next_info.st_mode):
                entry, real_path = next_entry, next_path
                continue
            links += 1
            if links > max_links:
                raise Refused('file-odd', what='link-broken', target=next_path)
            # In a folder with the sticky bit, others can replace links of their own.
            if not scope.trusts_owner(next_info):
                raise Refused('file-odd', what='link-unsafe', target=next_path)
            target = os.readlink('', dir_fd=next_entry)
            remaining = _names_of(target) + remaining
            if target.startswith('/'):
                entry, real_path = open_entry('/'), '/'
        yield entry, real_path


def _names_of(path):
    return [name for name in path.split('/') if name not in ('', '.')]
