"""Undoes the change that the journal describes, at whatever step the change was interrupted."""

import contextlib
import os
import time

from .config_file import hash_of, locate_config, open_folder, read_config
from .engine import is_in_force, read_engine_config, wait_until_in_force
from .errors import Refused
from .process import find_process, reload
from .replace import remove_temporary_files, replace_file
from .rules import MANAGED_KEYS, MIRRORS, try_parse_members, with_members


def values_to_set_on_rollback(old_members, keys_to_write, engine_before):
    """Returns the values to set explicitly once during a rollback, because the old file lacks their keys.

    A running engine keeps the values of a key that disappears from the file (moby daemon/reload.go).
    """
    if old_members is None:
        # The engine cannot read the old file at all, so everything that was in force is set explicitly.
        return engine_before.values if engine_before else {}
    disappearing_keys = [key for key in MANAGED_KEYS if key in keys_to_write and key not in old_members.names()]
    return {key: engine_before.values[key] if engine_before and key == MIRRORS else [] for key in disappearing_keys}


def with_explicit_values(old, values):
    """The old text with these values added; only the values if the old text is invalid; None if there are no values."""
    if not values:
        return None
    return with_members(old if try_parse_members(old) is not None else None, values)


def config_of_previous_values(entry):
    """A text with only the values that were in force before the change, for an engine that cannot read the old file."""
    return with_members(None, entry['before']) if entry['before'] else None


def recover(store, channel):
    """Rolls back a change whose helper was killed. Returns the state as `roll_back` does, or None without a journal."""
    entry = store.read_journal()
    if entry is None:
        return None
    # The killed helper may have reloaded the engine just before, and the engine may still be reading the file.
    time.sleep(max(0, min(1, entry['started'] + 1 - time.time())))
    return roll_back(store, channel)


def roll_back(store, channel):
    """Undoes the change that the journal describes, and removes the journal. Returns the resulting state:

    restored: file and engine are as before.
    left: another program has changed the file since, so the file is left alone.
    unsure: the file or the engine may not be as before; the journal is kept, and the next start tries again.
    """
    entry = store.read_journal()
    if entry is None:
        return 'restored'
    try:
        state = _roll_back_entry(store, entry)
        if state != 'unsure':
            store.remove_journal()
    except (Refused, OSError):
        state = 'unsure'
    channel.send_step('put-back')
    return state


def abort(store, channel):
    """Ends a change that failed before or while the file was replaced. An unchanged file needs no reload.

    Returns `untouched`, or the state of `roll_back`.
    """
    entry = store.read_journal()
    with contextlib.suppress(Refused, OSError):
        path = locate_config(store.scope)
        if hash_of(read_config(path).data) == entry['old']:
            remove_temporary_files(path)
            _clean_up(path, entry)
            store.remove_journal()
            return 'untouched'
    return roll_back(store, channel)


def _roll_back_entry(store, entry):
    path = locate_config(store.scope)
    remove_temporary_files(path)
    current = read_config(path)
    current_hash, recognized_hashes = hash_of(current.data), [*entry['ours'], entry['old']]
    if path.kind != entry['kind'] or current_hash not in recognized_hashes:
        return 'left'
    old = None if entry['old'] is None else store.read_backup(entry['old'])
    process = find_process(store.scope, path.kind)
    # Interrupted before the file was first replaced, or after it was last restored: nothing to do.
    is_unchanged = current_hash == entry['old'] and (process is None or _has_values(store.scope, entry['before']))
    is_restored = is_unchanged or _restore_file(path, current, old, entry, process, recognized_hashes)
    _clean_up(path, entry)
    return 'restored' if is_restored else 'unsure'


def _restore_file(path, current, old, entry, process, recognized_hashes):
    """Restores the old content, whatever the engine does. Returns whether the engine has its previous values."""
    if process is None:
        replace_file(path, old, current, recognized_hashes)
        return True
    # Reload with the values set explicitly; if the engine does not confirm that, with the previous values alone.
    for text in (with_explicit_values(old, entry['cleared']) or old, config_of_previous_values(entry)):
        if text is not None:
            replace_file(path, text, current, recognized_hashes)
            if _reload_and_confirm(process, entry):
                if text is not old:
                    replace_file(path, old, current, recognized_hashes)
                return True
    replace_file(path, old, current, recognized_hashes)
    return False


def _has_values(scope, wanted):
    config = read_engine_config(scope)
    return wanted is not None and config is not None and is_in_force(wanted, config)


def _reload_and_confirm(process, entry):
    """Reloads the engine and returns whether it has its previous values.

    An engine that is gone counts as restored: it will read the old file when it starts. So does an engine that does not
    respond at its usual socket, because its values cannot be checked.
    """
    try:
        reload(process)
    except Refused:
        return find_process(process.scope, process.kind) is None
    wanted = entry['before'] or entry['cleared']
    confirmed, last_config = wait_until_in_force(process.scope, wanted, timeout_s=10)
    return confirmed or last_config is None


def _clean_up(path, entry):
    """Removes the files and folders created for the change. Leftovers do no harm, so errors are ignored."""
    if entry['aside']:
        with contextlib.suppress(OSError):
            folder = open_folder(path)
            try:
                os.unlink(entry['aside'], dir_fd=folder)
            finally:
                os.close(folder)
    if entry['old'] is None:
        for created in reversed(entry['folders']):
            # Fails if another program has put a file into the folder; the folder then stays.
            with contextlib.suppress(OSError):
                os.rmdir(created)
