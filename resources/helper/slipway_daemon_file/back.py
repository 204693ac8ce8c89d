"""The way back: whatever the journal tells of is undone, wherever it was cut."""

import contextlib
import os
import time

from .engine import agrees, confirm, in_force
from .place import find_place, hash_of, open_folder, read_found
from .process import find_process, reload
from .refusal import Refused
from .rules import MIRRORS, OURS, parsable, with_members
from .swap import put, sweep


def cleared_by_undo(now, touched, before):
    """What a running engine holds on to when the old file, which says nothing of it, comes back."""
    if now is None:
        # The engine cannot read the old file at all, so all that it had is said once more.
        return before.values if before else {}
    held = [key for key in OURS if key in touched and key not in now.names()]
    return {key: before.values[key] if before and key == MIRRORS else [] for key in held}


def cleared_text(old, cleared):
    if not cleared:
        return None
    return with_members(old if parsable(old) is not None else None, cleared)


def alone(entry):
    """Nothing but what was in force before, for an engine that cannot read the old file."""
    return with_members(None, entry['before']) if entry['before'] else None


def recover(vault, talk):
    """Puts back what another helper was cut off from. Nothing where there was nothing."""
    entry = vault.journal()
    if entry is None:
        return None
    # It may have told the engine to reload in its last moment, and the engine may still be reading.
    time.sleep(max(0, min(1, entry['started'] + 1 - time.time())))
    return put_back(vault, talk)


def put_back(vault, talk):
    """Undoes what the journal tells of, wherever it was cut.

    restored: all is as it was. left: somebody else has changed the file since, so it is theirs.
    unsure: the file or the engine is not as it was; the journal stays, and the next start tries again.
    """
    entry = vault.journal()
    if entry is None:
        return 'restored'
    try:
        state = _back(vault, entry)
        if state != 'unsure':
            vault.close_journal()
    except (Refused, OSError):
        state = 'unsure'
    talk.step('put-back')
    return state


def call_off(vault, talk):
    """Ends a change whose first swap failed. Where that left the file alone, the engine has nothing to be told."""
    entry = vault.journal()
    with contextlib.suppress(Refused, OSError):
        place = find_place(vault.side)
        if hash_of(read_found(place).data) == entry['old']:
            sweep(place)
            _clean_up(place, entry)
            vault.close_journal()
            return 'untouched'
    return put_back(vault, talk)


def _back(vault, entry):
    place = find_place(vault.side)
    sweep(place)
    found = read_found(place)
    at, ours = hash_of(found.data), [*entry['ours'], entry['old']]
    if place.kind != entry['kind'] or at not in ours:
        return 'left'
    old = None if entry['old'] is None else vault.backup(entry['old'])
    process = find_process(vault.side, place.kind)
    # Cut before the first swap, or after the last: then there is nothing to do.
    same = at == entry['old'] and (process is None or _has(vault.side, entry['before']))
    sure = same or _swap_back(place, found, old, entry, process, ours)
    _clean_up(place, entry)
    return 'restored' if sure else 'unsure'


def _swap_back(place, found, old, entry, process, ours):
    """The old bytes are put back whatever the engine says."""
    if process is None:
        put(place, old, found, ours)
        return True
    # What the engine is to read before it goes without reading the old file again, if that does not do.
    for text in (cleared_text(old, entry['cleared']) or old, alone(entry)):
        if text is not None:
            put(place, text, found, ours)
            if _reloaded(process, entry):
                if text is not old:
                    put(place, old, found, ours)
                return True
    put(place, old, found, ours)
    return False


def _has(side, wanted):
    found = in_force(side)
    return wanted is not None and found is not None and agrees(wanted, found)


def _reloaded(process, entry):
    """Has the engine read the file again, and waits until it is as it was. An engine that is gone will read it anyhow."""
    try:
        reload(process)
    except Refused:
        return find_process(process.side, process.kind) is None
    wanted = entry['before'] or entry['cleared']
    agreed, last = confirm(process.side, wanted, patience=10)
    return agreed or last is None


def _clean_up(place, entry):
    """Removes what was made for the change. What cannot be removed is in nobody's way."""
    if entry['aside']:
        with contextlib.suppress(OSError):
            folder = open_folder(place)
            try:
                os.unlink(entry['aside'], dir_fd=folder)
            finally:
                os.close(folder)
    if entry['old'] is None:
        for made in reversed(entry['folders']):
            # Where somebody else has put something in, it stays.
            with contextlib.suppress(OSError):
                os.rmdir(made)
