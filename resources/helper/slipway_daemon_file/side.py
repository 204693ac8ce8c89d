"""Whose Docker it is. All that differs between the computer's and a user's own stands here.

Root's side is fixed: it comes from nowhere but this file. A user's own follows that user's environment, which gives
nobody more than they have: this side runs with the rights of whoever started it.
"""

import os
import pwd
import stat
from collections import namedtuple

_FIELDS = {
    'uid': 'whose the engine and the vault are',
    'files': 'the file, by the kind of installation; the first kind is the usual one',
    'pid_files': 'where the engine says which process it is, by kind',
    'socket': 'where it answers',
    'service': 'how systemctl is asked for its service',
    'holder': 'the program that its service may be instead, which hands signals on; nothing for none',
    'vault': 'the folder with the lock, the backups and the journal',
    'environment': 'what systemctl is told beside the path',
    'writable': 'the bits of a mode by which others could change what is trusted',
    'sticky': 'whether a folder in which everybody replaces only their own is as good as one that is closed',
}


class Side(namedtuple('Side', _FIELDS)):
    def trusts(self, info):
        """Whether none but root and this side's user can have put it there, or can change it."""
        if info.st_uid not in (0, self.uid):
            return False
        shared = self.sticky and stat.S_ISDIR(info.st_mode) and info.st_mode & stat.S_ISVTX
        return bool(shared) or not info.st_mode & self.writable


ROOT = Side(
    uid=0,
    files={
        'system': '/etc/docker/daemon.json',
        # Where the snap has it (believed, not tried: no snap runs here).
        'snap': '/var/snap/docker/current/config/daemon.json',
    },
    pid_files={
        'system': ('/run/docker.pid',),
        'snap': ('/var/snap/docker/current/run/docker.pid', '/run/snap.docker/docker.pid'),
    },
    socket='/run/docker.sock',
    service=(),
    holder=None,
    vault='/var/lib/slipway',
    environment={},
    writable=0o022,
    sticky=False,
)


def own(environment):
    """The side of the user who started this, as rootless Docker lays it (docs.docker.com/engine/security/rootless)."""
    if len({*os.getresuid()}) > 1 or len({*os.getresgid()}) > 1:
        raise SystemExit('It works with the rights of the user who starts it, and with no others.')
    uid = os.getuid()

    def folder(name, usual):
        said = environment.get(name, '')
        return said if os.path.isabs(said) else usual

    home = folder('HOME', '') or pwd.getpwuid(uid).pw_dir
    runtime = folder('XDG_RUNTIME_DIR', f'/run/user/{uid}')
    asked = ('XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS')
    return Side(
        uid=uid,
        files={'rootless': os.path.join(folder('XDG_CONFIG_HOME', f'{home}/.config'), 'docker/daemon.json')},
        pid_files={'rootless': (f'{runtime}/docker.pid',)},
        socket=f'{runtime}/docker.sock',
        service=('--user',),
        holder='rootlesskit',
        vault=os.path.join(folder('XDG_STATE_HOME', f'{home}/.local/state'), 'slipway'),
        environment={name: environment[name] for name in asked if name in environment},
        # Where each user has a group of their own, umask lets it write: that is nobody else.
        writable=0o002,
        sticky=True,
    )
