"""The helper's private folder: the lock, the backups, and the journal of the change in progress."""

import contextlib
import fcntl
import json
import os
import re
import stat

from .config_file import MISSING, hash_of
from .errors import Refused, refused_from_os_error
from .replace import create_file
from .rules import MIRRORS, try_parse_members

MAX_BACKUPS = 20
# Owner and mode of the helper's own files.
PRIVATE_ATTRIBUTES = MISSING._replace(mode=0o600)


class Store:
    def __init__(self, scope):
        self.scope = scope
        self.folder = _open_private_folder(scope, scope.state_folder)
        self.backups = _open_private_folder(scope, os.path.join(scope.state_folder, 'backups'))

    @contextlib.contextmanager
    def locked(self):
        """Holds the lock, or raises Refused('busy'). The kernel releases it when the process ends, even if killed."""
        lock = os.open('lock', os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=self.folder)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refused('busy') from None
            yield
        finally:
            os.close(lock)

    def back_up(self, data, spared=()):
        """Stores the bytes as the newest backup, named by their hash. Deletes old backups except those in `spared`."""
        if data is None:
            return
        name = hash_of(data)
        if self._read_backup_file(name) != data:
            self._write(self.backups, name, data)
        os.utime(name, dir_fd=self.backups)
        for old_name in self._backup_names()[MAX_BACKUPS:]:
            if old_name not in spared:
                os.unlink(old_name, dir_fd=self.backups)

    def read_backup(self, name):
        """Returns the content of a backup. Raises Refused('backup-unknown') if it is missing or damaged."""
        data = self._read_backup_file(name)
        if data is None or hash_of(data) != name:
            raise Refused('backup-unknown', hash=name)
        return data

    def history(self):
        """The backups, newest first. `mirrors` and `settings`, the top-level keys, are None if the text is invalid."""

        def describe(name):
            members = try_parse_members(self._read_backup_file(name))
            mirrors = None if members is None else members.get(MIRRORS) or []
            time = int(os.stat(name, dir_fd=self.backups).st_mtime)
            return {
                'hash': name,
                'time': time,
                'valid': members is not None,
                'mirrors': _only_strings(mirrors),
                'settings': None if members is None else members.names(),
            }

        return [describe(name) for name in self._backup_names()]

    def read_journal(self):
        """The entry of the change in progress, or None."""
        data = _read_file(self.folder, 'journal.json')
        try:
            entry = json.loads(data) if data else None
        except ValueError:
            entry = None  # the journal is written atomically, so only a failing disk can damage it
        return entry if isinstance(entry, dict) and entry.get('version') == 1 else None

    def write_journal(self, entry):
        self._write(self.folder, 'journal.json', json.dumps({'version': 1, **entry}).encode())

    def remove_journal(self):
        """Removes the journal. Call this once the change has been kept or rolled back."""
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink('journal.json', dir_fd=self.folder)
            os.fsync(self.folder)
        except OSError as error:
            raise refused_from_os_error(error, self.scope.state_folder) from None

    def write_candidate(self, data):
        """Writes a text to a file for `dockerd --validate`, and returns its path."""
        self._write(self.folder, 'candidate.json', data)
        return os.path.join(self.scope.state_folder, 'candidate.json')

    def remove_candidate(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink('candidate.json', dir_fd=self.folder)

    def _write(self, folder, name, data):
        temporary_name = f'.{name}.new'
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary_name, dir_fd=folder)
            create_file(folder, temporary_name, data, PRIVATE_ATTRIBUTES)
            os.rename(temporary_name, name, src_dir_fd=folder, dst_dir_fd=folder)
            os.fsync(folder)
        except OSError as error:
            raise refused_from_os_error(error, self.scope.state_folder) from None

    def _read_backup_file(self, name):
        return _read_file(self.backups, name) if re.fullmatch('[0-9a-f]{64}', name) else None

    def _backup_names(self):
        names = [name for name in os.listdir(self.backups) if re.fullmatch('[0-9a-f]{64}', name)]
        return sorted(names, key=lambda name: -os.stat(name, dir_fd=self.backups).st_mtime_ns)


def _open_private_folder(scope, path):
    try:
        os.makedirs(path, 0o700, exist_ok=True)
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise refused_from_os_error(error, path) from None
    info = os.fstat(folder)
    if info.st_uid != scope.uid or stat.S_IMODE(info.st_mode) & 0o022:
        raise Refused('state-unsafe', folder=path)
    return folder


def _read_file(folder, name):
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return None
    with os.fdopen(file, 'rb') as stream:
        return stream.read()


def _only_strings(value):
    if value is None:
        return None
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
