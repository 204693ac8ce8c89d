"""The scope: the system's Docker, which root changes, or a user's rootless Docker. All differences are in this file.

Root's scope is constant. A user's scope follows that user's environment, which grants no additional rights, because
the helper then runs with the rights of the user who started it.
"""

import os
import pwd
import stat
from collections import namedtuple

_FIELDS = {
    'uid': 'the user who must run the engine and own the state folder',
    'files': 'the path of daemon.json, by the kind of installation; the first kind is the default',
    'pid_files': "the engine's pid files, by the kind of installation",
    'socket': "the engine's API socket",
    'service': 'arguments that make systemctl use the right service manager',
    'wrapper': 'the program that may be the main process of the service and forwards signals to dockerd, or None',
    'state_folder': 'the folder of the lock, the backups and the journal',
    'environment': 'environment variables of systemctl, beside PATH',
    'untrusted_mode': 'the mode bits with which other users could change a file or folder',
    'caller_may_read': 'whether the caller may read everything that the helper may read',
    'allow_sticky': 'whether a folder with the sticky bit is trusted: users can replace only their own files in it',
}


class Scope(namedtuple('Scope', _FIELDS)):
    def trusts(self, info):
        """Whether root or the scope's user owns the file, and others cannot change it (but see `allow_sticky`)."""
        if not self.trusts_owner(info):
            return False
        is_sticky = self.allow_sticky and stat.S_ISDIR(info.st_mode) and info.st_mode & stat.S_ISVTX
        return bool(is_sticky) or not info.st_mode & self.untrusted_mode

    def trusts_owner(self, info):
        return info.st_uid in (0, self.uid)


ROOT = Scope(
    uid=0,
    files={
        'system': '/etc/docker/daemon.json',
        # The path in Docker's snap, from its documentation: no snap was available to test it.
        'snap': '/var/snap/docker/current/config/daemon.json',
    },
    pid_files={
        'system': ('/run/docker.pid',),
        'snap': ('/var/snap/docker/current/run/docker.pid', '/run/snap.docker/docker.pid'),
    },
    socket='/run/docker.sock',
    service=(),
    wrapper=None,
    state_folder='/var/lib/slipway',
    environment={},
    untrusted_mode=0o022,
    caller_may_read=False,
    allow_sticky=False,
)


def user_scope(environment):
    """The scope of the user who started the helper, with rootless Docker's paths.

    See docs.docker.com/engine/security/rootless. Exits if the effective user or group differs from the real one.
    """
    if len({*os.getresuid()}) > 1 or len({*os.getresgid()}) > 1:
        raise SystemExit('The helper runs only with the rights of the user who starts it.')
    uid = os.getuid()

    def folder_from(name, default):
        value = environment.get(name, '')
        return value if os.path.isabs(value) else default

    home = folder_from('HOME', '') or pwd.getpwuid(uid).pw_dir
    runtime = folder_from('XDG_RUNTIME_DIR', f'/run/user/{uid}')
    systemctl_variables = ('XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS')
    return Scope(
        uid=uid,
        files={'rootless': os.path.join(folder_from('XDG_CONFIG_HOME', f'{home}/.config'), 'docker/daemon.json')},
        pid_files={'rootless': (f'{runtime}/docker.pid',)},
        socket=f'{runtime}/docker.sock',
        service=('--user',),
        wrapper='rootlesskit',
        state_folder=os.path.join(folder_from('XDG_STATE_HOME', f'{home}/.local/state'), 'slipway'),
        environment={name: environment[name] for name in systemctl_variables if name in environment},
        # Group-writable files are trusted: many systems give each user a group of their own and a umask of 002.
        untrusted_mode=0o002,
        caller_may_read=True,
        allow_sticky=True,
    )
