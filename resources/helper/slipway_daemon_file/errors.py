"""What can go wrong: a code from a closed list, and the facts that its message needs."""

import errno

CODES = frozenset(
    {
        # the request
        'bad-request', 'out-of-turn', 'other-program', 'not-root', 'busy', 'state-unsafe', 'internal',
        # the file
        'file-changed', 'file-invalid', 'file-duplicate-key', 'file-too-large', 'file-odd', 'folder-unsafe',
        'read-only', 'no-space', 'not-permitted', 'mounted', 'io', 'file-valid',
        # the new text
        'text-invalid', 'text-too-large', 'text-elsewhere', 'key-removed', 'too-many-mirrors', 'mirror-invalid',
        'registry-invalid', 'too-many-registries',
        # the engine
        'engine-down', 'engine-elsewhere', 'flag-conflict', 'engine-refused', 'reload-failed', 'not-taken-up',
        # backups
        'backup-unknown', 'backup-invalid',
    }
)  # fmt: skip


class Refused(Exception):
    """The request failed. Nothing was changed, or the caller of the failed step must roll the change back."""

    def __init__(self, code, **facts):
        super().__init__(code)
        assert code in CODES, code
        self.code = code
        self.facts = facts


def refused_from_os_error(error, folder):
    """Returns the Refused for an OSError."""
    codes = {
        errno.EROFS: 'read-only',
        errno.ENOSPC: 'no-space',
        errno.EDQUOT: 'no-space',
        # an immutable file, or a security module
        errno.EPERM: 'not-permitted',
        errno.EACCES: 'not-permitted',
        # something is mounted on the file itself
        errno.EBUSY: 'mounted',
        errno.EXDEV: 'mounted',
    }
    return Refused(codes.get(error.errno, 'io'), folder=folder, detail=error.strerror or str(error))
