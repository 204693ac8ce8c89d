"""What nobody else may touch: the lock against a second writer, the backups, and the journal of a change under way."""

import contextlib
import fcntl
import json
import os
import re
import stat

from .place import MISSING, hash_of
from .refusal import Refused, refused_by_system
from .rules import MIRRORS, parsable
from .swap import write_new

MOST_BACKUPS = 20
PRIVATE = MISSING._replace(mode=0o600)


class Vault:
    def __init__(self, side):
        self.side = side
        self.folder = _folder(side, side.vault)
        self.backups = _folder(side, os.path.join(side.vault, 'backups'))
        self._lock = None

    @contextlib.contextmanager
    def locked(self):
        """Held by one helper at a time. The kernel lets go of it when its holder ends, however it ends."""
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
        """Keeps bytes under their hash, as the newest backup."""
        if data is None:
            return
        name = hash_of(data)
        if self._kept(name) != data:
            self._write(self.backups, name, data)
        os.utime(name, dir_fd=self.backups)
        for old in self._names()[MOST_BACKUPS:]:
            if old not in spared:
                os.unlink(old, dir_fd=self.backups)

    def backup(self, name):
        data = self._kept(name)
        if data is None or hash_of(data) != name:
            raise Refused('backup-unknown', hash=name)
        return data

    def history(self):
        """The backups, the newest first. `mirrors` is nothing where the text cannot be parsed."""

        def told(name):
            parsed = parsable(self._kept(name))
            mirrors = None if parsed is None else parsed.get(MIRRORS) or []
            time = int(os.stat(name, dir_fd=self.backups).st_mtime)
            return {'hash': name, 'time': time, 'valid': parsed is not None, 'mirrors': _strings(mirrors)}

        return [told(name) for name in self._names()]

    def journal(self):
        """The change that was under way, if there was one."""
        data = _read(self.folder, 'journal.json')
        try:
            entry = json.loads(data) if data else None
        except ValueError:
            entry = None  # it is swapped in whole: only a failing disk gets here
        return entry if isinstance(entry, dict) and entry.get('version') == 1 else None

    def write_journal(self, entry):
        self._write(self.folder, 'journal.json', json.dumps({'version': 1, **entry}).encode())

    def close_journal(self):
        """The change is over: kept, or put back."""
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink('journal.json', dir_fd=self.folder)
            os.fsync(self.folder)
        except OSError as error:
            raise refused_by_system(error, self.side.vault) from None

    def candidate(self, data):
        """A text as a file that the engine can be asked about."""
        self._write(self.folder, 'candidate.json', data)
        return os.path.join(self.side.vault, 'candidate.json')

    def drop_candidate(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink('candidate.json', dir_fd=self.folder)

    def _write(self, folder, name, data):
        new = f'.{name}.new'
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(new, dir_fd=folder)
            write_new(folder, new, data, PRIVATE)
            os.rename(new, name, src_dir_fd=folder, dst_dir_fd=folder)
            os.fsync(folder)
        except OSError as error:
            raise refused_by_system(error, self.side.vault) from None

    def _kept(self, name):
        return _read(self.backups, name) if re.fullmatch('[0-9a-f]{64}', name) else None

    def _names(self):
        names = [name for name in os.listdir(self.backups) if re.fullmatch('[0-9a-f]{64}', name)]
        return sorted(names, key=lambda name: -os.stat(name, dir_fd=self.backups).st_mtime_ns)


def _folder(side, path):
    try:
        os.makedirs(path, 0o700, exist_ok=True)
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise refused_by_system(error, path) from None
    info = os.fstat(folder)
    if info.st_uid != side.uid or stat.S_IMODE(info.st_mode) & 0o022:
        raise Refused('state-unsafe', folder=path)
    return folder


def _read(folder, name):
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return None
    with os.fdopen(file, 'rb') as opened:
        return opened.read()


def _strings(value):
    if value is None:
        return None
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
