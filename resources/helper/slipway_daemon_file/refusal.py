"""What can go wrong: a code from a closed list, and the facts that its words need."""

import errno

CODES = frozenset(
    {
        # the request
        'bad-request', 'out-of-turn', 'not-root', 'busy', 'state-unsafe', 'internal', 'ended',
        # the file
        'file-changed', 'file-invalid', 'file-duplicate-key', 'file-too-large', 'file-odd', 'folder-unsafe',
        'read-only', 'no-space', 'not-permitted', 'mounted', 'io',
        # the text that is to take its place
        'text-invalid', 'text-too-large', 'text-elsewhere', 'key-removed', 'too-many-mirrors', 'mirror-invalid',
        'registry-invalid',
        # the engine
        'engine-down', 'engine-elsewhere', 'flag-conflict', 'engine-refused', 'reload-failed', 'not-taken-up',
        # backups
        'backup-unknown', 'backup-invalid',
    }
)  # fmt: skip


class Refused(Exception):
    """Nothing was changed, or what was changed is to be put back."""

    def __init__(self, code, **facts):
        super().__init__(code)
        assert code in CODES, code
        self.code = code
        self.facts = facts


def refused_by_system(error, folder):
    """The refusal that an error of the system stands for."""
    codes = {
        errno.EROFS: 'read-only',
        errno.ENOSPC: 'no-space',
        errno.EDQUOT: 'no-space',
        # immutable, or a security module
        errno.EPERM: 'not-permitted',
        errno.EACCES: 'not-permitted',
        # something is mounted on the file itself
        errno.EBUSY: 'mounted',
        errno.EXDEV: 'mounted',
    }
    return Refused(codes.get(error.errno, 'io'), folder=folder, detail=error.strerror or str(error))
