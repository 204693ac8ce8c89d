"""dockerd's process: which one it is, its flags, and how it is reloaded."""

import os
import signal
import stat
import subprocess
from collections import namedtuple

from .errors import Refused
from .rules import MANAGED_KEYS

# The PATH of child processes, which inherit no environment.
PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
SYSTEMCTL = '/usr/bin/systemctl'
SNAP = '/usr/bin/snap'
UNIT = 'docker.service'

# exe is None if the program was replaced on disk after its start, if others could change it, or if the process is the
# wrapper.
Process = namedtuple('Process', 'scope kind pid exe argv reload_method')


def find_process(scope, kind):
    """Returns the running engine's process, or None. Only a trusted dockerd counts, or the unit's trusted wrapper."""
    unit_pid = None if kind == 'snap' else _read_unit_pid(scope)
    if unit_pid and _is_engine(scope, unit_pid):
        return _describe(scope, kind, unit_pid, 'systemd')
    for file in scope.pid_files[kind]:
        pid = _read_pid_file(scope, file)
        if pid and _is_engine(scope, pid):
            return _describe(scope, kind, pid, 'snap' if kind == 'snap' else 'signal')
    if unit_pid and scope.wrapper and _is_engine(scope, unit_pid, scope.wrapper):
        return _describe(scope, kind, unit_pid, 'systemd')
    return None


def reload(process):
    """Makes the engine read daemon.json again."""
    if process.reload_method == 'systemd':
        result = _systemctl(process.scope, 60, 'reload', UNIT)
    elif process.reload_method == 'snap':
        result = run([SNAP, 'restart', 'docker'], 120)
    else:
        _send_sighup(process)
        return
    if result.returncode != 0:
        raise Refused('reload-failed', detail=_tail(result.stdout))


def check_flags(process, path):
    """Refuses any change if a flag names another file, or sets a managed key: dockerd rejects a key set in both."""
    for file in _flag_values(process.argv, '--config-file'):
        if os.path.realpath(file) != os.path.join(path.folder, path.name):
            raise Refused('engine-elsewhere', file=file)
    for key in MANAGED_KEYS:
        if is_set_by_flag(process.argv, key):
            raise Refused('flag-conflict', key=key)


def is_set_by_flag(argv, key):
    name = {'registry-mirrors': '--registry-mirror', 'insecure-registries': '--insecure-registry'}[key]
    return bool(_flag_values(argv, name))


def validate(process, file):
    """Returns what `dockerd --validate` says about the file, with the engine's own flags: '' if the file is valid.

    Returns None if dockerd cannot be asked: versions before 23 lack the flag, and a snap's dockerd cannot be run from
    outside.
    """
    if process.exe is None or process.reload_method == 'snap':
        return None
    flags = _without_flag(process.argv[1:], '--config-file')
    folder = os.path.dirname(process.exe)
    # First, so that no flag before them can take one of them as its value.
    result = run([process.exe, '--validate', '--config-file', file, *flags], 20, path_prefix=folder)
    if result.returncode == 0:
        return ''
    output = _tail(result.stdout)
    if output.startswith('unknown flag: --validate'):
        return None
    return output.replace(file, 'daemon.json') or f'exit code {result.returncode}'


def _systemctl(scope, timeout_s, *arguments):
    return run([SYSTEMCTL, *scope.service, *arguments], timeout_s, environment=scope.environment)


def run(argv, timeout_s, path_prefix=None, environment=None):
    path = f'{path_prefix}:{PATH}' if path_prefix else PATH
    # While SIGCHLD is ignored, the kernel drops exit codes, and subprocess takes each of them for 0.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        return subprocess.run(
            argv,
            env={**(environment or {}), 'PATH': path, 'LC_ALL': 'C'},
            cwd='/',
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Refused('reload-failed', detail=f'{os.path.basename(argv[0])} timed out') from None
    except OSError as error:
        raise Refused('reload-failed', detail=f'{os.path.basename(argv[0])}: {error.strerror}') from None


def _read_unit_pid(scope):
    if not os.path.isdir('/run/systemd/system') or not os.path.exists(SYSTEMCTL):
        return None
    output = _systemctl(scope, 20, 'show', '--property=MainPID', '--value', UNIT).stdout.strip()
    return int(output) if output.isdigit() and int(output) > 1 else None


def _read_pid_file(scope, file):
    try:
        with open(file, 'rb') as stream:
            info = os.fstat(stream.fileno())
            content = stream.read(32).strip()
    except OSError:
        return None
    is_safe = stat.S_ISREG(info.st_mode) and scope.trusts(info)
    return int(content) if is_safe and content.isdigit() and int(content) > 1 else None


def _is_engine(scope, pid, expected_name='dockerd'):
    """Checks owner and program of the process: a pid file may be stale, and its pid reused by another process."""
    try:
        owner = os.stat(f'/proc/{pid}').st_uid
        program = os.stat(f'/proc/{pid}/exe')
        name = os.path.basename(os.readlink(f'/proc/{pid}/exe'))
    except OSError:
        return False
    is_trusted = owner == scope.uid and scope.trusts(program)
    return is_trusted and name in (expected_name, f'{expected_name} (deleted)')


def _describe(scope, kind, pid, reload_method):
    try:
        exe = os.readlink(f'/proc/{pid}/exe')
        with open(f'/proc/{pid}/cmdline', 'rb') as stream:
            argv = [os.fsdecode(argument) for argument in stream.read().split(b'\0')[:-1]]
    except OSError:
        return None
    exists = os.path.basename(exe) == 'dockerd' and os.path.exists(exe)
    return Process(scope, kind, pid, exe if exists and _is_trusted_path(scope, exe) else None, argv, reload_method)


def _is_trusted_path(scope, exe):
    current = exe
    while True:
        info = os.lstat(current)
        if not scope.trusts(info):
            return False
        if current == '/':
            return True
        current = os.path.dirname(current)


def _send_sighup(process):
    try:
        if not hasattr(os, 'pidfd_open'):
            os.kill(process.pid, signal.SIGHUP)
            return
        pidfd = os.pidfd_open(process.pid)
        try:
            # Check again now that the pidfd refers to one process: the pid may have been reused before.
            if not _is_engine(process.scope, process.pid):
                raise Refused('engine-down', kind=process.kind)
            signal.pidfd_send_signal(pidfd, signal.SIGHUP)
        finally:
            os.close(pidfd)
    except ProcessLookupError:
        raise Refused('engine-down', kind=process.kind) from None


def _flag_values(argv, name):
    """The values of a flag, given as `--name value` or `--name=value`."""
    pairs = zip(argv, [*argv[1:], ''])
    return [
        argument[len(name) + 1 :] if '=' in argument else following
        for argument, following in pairs
        if argument == name or argument.startswith(f'{name}=')
    ]


def _without_flag(argv, name):
    return [
        argument
        for previous, argument in zip(['', *argv], argv)
        if previous != name and argument != name and not argument.startswith(f'{name}=')
    ]


def _tail(output):
    return output.decode(errors='replace').strip()[-500:]
