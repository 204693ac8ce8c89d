"""The steps of a change. A crash between any two is put back by the next start, from the journal (back.py)."""

import os
import time

from .back import alone, call_off, cleared_by_undo, cleared_text, put_back
from .engine import confirm, in_force
from .place import find_place, hash_of, open_folder, read_found
from .process import check_flags, find_process, reload, validation
from .refusal import Refused, refused_by_system
from .rules import MIRRORS, OURS, check_change, members, parsable, with_members
from .swap import put, write_new


def change(vault, talk, old_hash, new):
    """Puts a new text in the file's place. The caller keeps it or puts it back.

    It may be the text that is there: the engine may not have taken it up yet.
    """
    place, found = _look(vault, old_hash)
    process = find_process(vault.side, place.kind)
    if process is None:
        raise Refused('engine-down', kind=place.kind)
    check_flags(process, place)
    before = in_force(vault.side)
    check_change(found.data, new, paths_allowed=before is not None and before.major >= 25)
    _validate(vault, process, new)
    talk.step('checked')
    return _forward(vault, talk, place, found, new, before, {}, runs=True)


def restore(vault, talk, old_hash, backup):
    """Puts a backup in the file's place, also where that cannot be parsed, or keeps the engine down."""
    place, found = _look(vault, old_hash)
    new = vault.backup(backup)
    after = parsable(new)
    if after is None:
        raise Refused('backup-invalid', hash=backup)
    process = find_process(vault.side, place.kind)
    if process is not None:
        check_flags(process, place)
        _validate(vault, process, new)
    talk.step('checked')
    now = parsable(found.data)
    before = in_force(vault.side) if process else None

    def holds(key):
        # Also what the file does not say any more: a running engine keeps it (moby daemon/reload.go).
        return now is None or key in now.names() or (before is not None and bool(before.values[key]))

    held = [key for key in OURS if key not in after.names() and holds(key)]
    cleared = {key: [] for key in held} if process else {}
    return _forward(vault, talk, place, found, new, before, cleared, runs=process is not None)


def _look(vault, old_hash):
    place = find_place(vault.side)
    found = read_found(place)
    if hash_of(found.data) != old_hash:
        raise Refused('file-changed', hash=hash_of(found.data))
    return place, found


def _validate(vault, process, new):
    said = _said_of(vault, process, new)
    # What it has against any file at all is our way of asking: the engine that runs was started somehow.
    if said is not None and said != _said_of(vault, process, b'{}'):
        raise Refused('engine-refused', detail=said)


def _said_of(vault, process, data):
    try:
        return validation(process, vault.candidate(data))
    finally:
        vault.drop_candidate()


def _forward(vault, talk, place, found, new, before, cleared, runs):
    now, after = parsable(found.data), members(new)
    back = cleared_by_undo(now, [*after.names(), *cleared], before)
    entry = {
        'kind': place.kind,
        'old': hash_of(found.data),
        'new': hash_of(new),
        'cleared': back,
        'before': before.values if before else None,
        'ours': [hash_of(new)],
        'folders': _missing(place.folder),
        'aside': f'{place.name}.faulty-{hash_of(found.data)[:12]}' if now is None else None,
        'started': time.time(),
    }
    first = with_members(new, cleared) if cleared else None
    # Each text that we ever put there, so that the next start can tell ours from somebody else's.
    texts = (first, cleared_text(found.data, back), alone(entry))
    entry['ours'] += [hash_of(text) for text in texts if text]
    vault.back_up(found.data, spared=(hash_of(new),))
    talk.step('backed-up')
    talk.check()
    vault.write_journal(entry)
    swapped = False
    try:
        _make_room(place, found, entry)
        put(place, first or new, found, [entry['old']])
        swapped = True
        confirmed = _take_up(vault.side, talk, place, found, new, first, runs)
    except BaseException as error:
        state = put_back(vault, talk) if swapped else call_off(vault, talk)
        if isinstance(error, Refused):
            error.facts['state'] = state
        raise
    return {'hash': entry['new'], 'confirmed': confirmed}


def _missing(folder):
    """The folders that are not there yet, from the outside in."""
    return [] if os.path.isdir(folder) else [*_missing(os.path.dirname(folder)), folder]


def _make_room(place, found, entry):
    for folder in entry['folders']:
        try:
            os.mkdir(folder, 0o755)
            os.chmod(folder, 0o755)
        except OSError as error:
            raise refused_by_system(error, os.path.dirname(folder)) from None
    if entry['aside']:
        folder = open_folder(place)
        try:
            write_new(folder, entry['aside'], found.data, found)
        except FileExistsError:
            pass  # the same bytes, by their name
        except OSError as error:
            raise refused_by_system(error, place.folder) from None
        finally:
            os.close(folder)


def _take_up(side, talk, place, found, new, first, runs):
    """Has the engine take up the swapped file, if it `runs`: what is in the file may be what keeps it down.

    `first` clears what the engine would otherwise hold on to.
    """
    talk.step('swapped')
    process = find_process(side, place.kind)
    confirmed = False
    if process is not None:
        reload(process)
        talk.step('reloaded')
        confirmed = _confirm(side, members(first or new), place.kind)
        if confirmed:
            talk.step('confirmed')
    elif runs:
        raise Refused('engine-down', kind=place.kind)
    if first:
        put(place, new, found, [hash_of(first)])
    talk.check()
    return confirmed


def _confirm(side, text, kind):
    wanted = {key: text.get(key) for key in OURS if key in text.names()}
    agreed, last = confirm(side, wanted, patience=10)
    if not agreed and last is not None:
        raise Refused('not-taken-up', mirrors=last.values[MIRRORS])
    if not agreed and not find_process(side, kind):
        raise Refused('engine-down', kind=kind)
    return agreed
