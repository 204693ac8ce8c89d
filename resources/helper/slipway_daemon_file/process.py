"""The engine's process: which one it is, what it was started with, and how it is told to reload."""

import os
import signal
import stat
import subprocess
from collections import namedtuple

from .refusal import Refused
from .rules import OURS

# What children get of an environment: nothing of the caller's.
PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
SYSTEMCTL = '/usr/bin/systemctl'
SNAP = '/usr/bin/snap'
UNIT = 'docker.service'

# exe is nothing where it was replaced on the disk since the start, or is not the engine's.
Process = namedtuple('Process', 'side kind pid exe argv way')


def find_process(side, kind):
    """The engine's process, if it runs: never one that only says it is."""
    unit = None if kind == 'snap' else _unit_pid(side)
    if unit and _is_engine(side, unit):
        return _described(side, kind, unit, 'systemd')
    for file in side.pid_files[kind]:
        pid = _pid_in(side, file)
        if pid and _is_engine(side, pid):
            return _described(side, kind, pid, 'snap' if kind == 'snap' else 'signal')
    if unit and side.holder and _is_engine(side, unit, side.holder):
        return _described(side, kind, unit, 'systemd')
    return None


def reload(process):
    """Has the engine read its file again."""
    if process.way == 'systemd':
        ended = _systemctl(process.side, 60, 'reload', UNIT)
    elif process.way == 'snap':
        ended = run([SNAP, 'restart', 'docker'], 120)
    else:
        _hang_up(process)
        return
    if ended.returncode != 0:
        raise Refused('reload-failed', detail=_tail(ended.stdout))


def check_flags(process, place):
    """Refuses what the engine would refuse at its next start: a key that is also given as a flag."""
    for file in _flag(process.argv, '--config-file'):
        if os.path.realpath(file) != os.path.join(place.folder, place.name):
            raise Refused('engine-elsewhere', file=file)
    for key in OURS:
        if given_as_flag(process.argv, key):
            raise Refused('flag-conflict', key=key)


def given_as_flag(argv, key):
    name = {'registry-mirrors': '--registry-mirror', 'insecure-registries': '--insecure-registry'}[key]
    return bool(_flag(argv, name))


def validation(process, file):
    """What the engine itself says against a file, with its own flags; nothing where it has no objection.

    Versions before 23 cannot be asked, nor can a snap's from outside.
    """
    if process.exe is None or process.way == 'snap':
        return None
    flags = _without(process.argv[1:], '--config-file')
    ended = run([process.exe, *flags, '--validate', '--config-file', file], 20, near=os.path.dirname(process.exe))
    said = _tail(ended.stdout)
    if ended.returncode == 0 or 'unknown flag: --validate' in said:
        return None
    return said.replace(file, 'daemon.json')


def _systemctl(side, patience, *words):
    return run([SYSTEMCTL, *side.service, *words], patience, more=side.environment)


def run(argv, patience, near=None, more=None):
    path = f'{near}:{PATH}' if near else PATH
    try:
        return subprocess.run(
            argv,
            env={**(more or {}), 'PATH': path, 'LC_ALL': 'C'},
            cwd='/',
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Refused('reload-failed', detail=f'{os.path.basename(argv[0])} does not end') from None
    except OSError as error:
        raise Refused('reload-failed', detail=f'{os.path.basename(argv[0])}: {error.strerror}') from None


def _unit_pid(side):
    if not os.path.isdir('/run/systemd/system') or not os.path.exists(SYSTEMCTL):
        return None
    said = _systemctl(side, 20, 'show', '--property=MainPID', '--value', UNIT).stdout.strip()
    return int(said) if said.isdigit() and int(said) > 1 else None


def _pid_in(side, file):
    try:
        with open(file, 'rb') as opened:
            info = os.fstat(opened.fileno())
            said = opened.read(32).strip()
    except OSError:
        return None
    safe = stat.S_ISREG(info.st_mode) and side.trusts(info)
    return int(said) if safe and said.isdigit() and int(said) > 1 else None


def _is_engine(side, pid, called='dockerd'):
    """A pid file may be old, and its number another's by now."""
    try:
        owner = os.stat(f'/proc/{pid}').st_uid
        program = os.stat(f'/proc/{pid}/exe')
        name = os.path.basename(os.readlink(f'/proc/{pid}/exe'))
    except OSError:
        return False
    ours = owner == side.uid and side.trusts(program)
    return ours and name in (called, f'{called} (deleted)')


def _described(side, kind, pid, way):
    try:
        exe = os.readlink(f'/proc/{pid}/exe')
        with open(f'/proc/{pid}/cmdline', 'rb') as opened:
            argv = [os.fsdecode(word) for word in opened.read().split(b'\0')[:-1]]
    except OSError:
        return None
    there = os.path.basename(exe) == 'dockerd' and os.path.exists(exe)
    return Process(side, kind, pid, exe if there and _is_trusted(side, exe) else None, argv, way)


def _is_trusted(side, exe):
    at = exe
    while True:
        info = os.lstat(at)
        if not side.trusts(info):
            return False
        if at == '/':
            return True
        at = os.path.dirname(at)


def _hang_up(process):
    try:
        if not hasattr(os, 'pidfd_open'):
            os.kill(process.pid, signal.SIGHUP)
            return
        held = os.pidfd_open(process.pid)
        try:
            # Looked at again with the process in hand: the number may have become another's.
            if not _is_engine(process.side, process.pid):
                raise Refused('engine-down', kind=process.kind)
            signal.pidfd_send_signal(held, signal.SIGHUP)
        finally:
            os.close(held)
    except ProcessLookupError:
        raise Refused('engine-down', kind=process.kind) from None


def _flag(argv, name):
    """The values of a flag, given as `--name value` or `--name=value`."""
    pairs = zip(argv, [*argv[1:], ''])
    return [
        word[len(name) + 1 :] if '=' in word else after
        for word, after in pairs
        if word == name or word.startswith(f'{name}=')
    ]


def _without(argv, name):
    return [
        word
        for before, word in zip(['', *argv], argv)
        if before != name and word != name and not word.startswith(f'{name}=')
    ]


def _tail(output):
    return output.decode(errors='replace').strip()[-500:]
