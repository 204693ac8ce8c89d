"""The steps of a change.

After a crash between two steps, the helper rolls the change back when it next starts, using its own journal
(rollback.py).
"""

import os
import time

from .config_file import hash_of, locate_config, open_folder, read_config
from .edits import apply_edits
from .engine import read_engine_config, wait_until_in_force
from .errors import Refused, refused_from_os_error
from .masking import is_public
from .mend import check_mend
from .process import check_flags, find_process, reload, validate
from .replace import create_file, replace_file
from .rollback import abort, config_of_previous_values, roll_back, values_to_set_on_rollback, with_explicit_values
from .rules import MANAGED_KEYS, MIRRORS, check_change, check_not_json, parse_members, try_parse_members, with_members
from .strict_json import Members, is_identical


def change(store, channel, old_hash, edits):
    """Edits the file and reloads the engine. The caller then keeps the change or rolls it back.

    There may be no edits: the engine may not have reloaded the file yet.
    """
    path, current = _read_expected(store, old_hash)
    process = find_process(store.scope, path.kind)
    if process is None:
        raise Refused('engine-down', kind=path.kind)
    check_flags(process, path)
    engine_before = read_engine_config(store.scope)
    new = apply_edits(current.data, edits)
    try:
        check_change(current.data, new, paths_allowed=engine_before is not None and engine_before.major >= 25)
    except Refused as refused:
        if refused.code == 'text-invalid' and not is_public(path, current):
            # Where a text is invalid can depend on what the caller must not learn.
            raise Refused('text-elsewhere') from None
        raise
    _check_by_dockerd(store, channel, process, new, is_public(path, current))
    return _apply(store, channel, path, current, new, engine_before, {}, must_run=True)


def mend(store, channel, old_hash, new):
    """Mends the punctuation of a file that prevents the engine from starting, or will at its next start."""
    path, current = _read_expected(store, old_hash)
    check_mend(current.data, new)
    return _replace_whole(store, channel, path, current, new)


def restore(store, channel, old_hash, backup_hash):
    """Replaces a file that is not JSON by a backup, as a whole.

    A backup may be older than an administrator's settings. So a file that is JSON is refused: its mirrors can be changed.
    """
    path, current = _read_expected(store, old_hash)
    check_not_json(current.data)
    new = store.read_backup(backup_hash)
    if try_parse_members(new) is None:
        raise Refused('backup-invalid', hash=backup_hash)
    return _replace_whole(store, channel, path, current, new)


def _replace_whole(store, channel, path, current, new):
    """Replaces a file that may be invalid. The engine may be down; if it runs, it loads the new file."""
    new_members = parse_members(new)
    process = find_process(store.scope, path.kind)
    if process is not None:
        check_flags(process, path)
    _check_by_dockerd(store, channel, process, new, is_public(path, current))
    old_members = try_parse_members(current.data)
    engine_before = read_engine_config(store.scope) if process else None

    def may_be_in_force(key):
        # A running engine also keeps values of a key that the file no longer has (moby daemon/reload.go).
        if old_members is None or key in old_members.names():
            return True
        return engine_before is not None and bool(engine_before.values[key])

    disappearing_keys = [key for key in MANAGED_KEYS if key not in new_members.names() and may_be_in_force(key)]
    cleared = {key: [] for key in disappearing_keys} if process else {}
    return _apply(store, channel, path, current, new, engine_before, cleared, must_run=process is not None)


def _read_expected(store, old_hash):
    path = locate_config(store.scope)
    current = read_config(path)
    if hash_of(current.data) != old_hash:
        raise Refused('file-changed', hash=hash_of(current.data))
    return path, current


def _check_by_dockerd(store, channel, process, new, public):
    """Lets dockerd check the text, if it can. Sends the step `checked`, with whether dockerd found the text valid.

    dockerd quotes values, so what it says is told only if everybody may read the file.
    """
    output = None if process is None else _validate_text(store, process, new)
    # If `{}` causes the same error, the way dockerd is run for this check causes it: the engine itself did start.
    if output and output != _validate_text(store, process, b'{}'):
        raise Refused('engine-refused', detail=output if public else '')
    channel.send({'step': 'checked', 'validated': output == ''})


def _validate_text(store, process, data):
    try:
        return validate(process, store.write_candidate(data))
    finally:
        store.remove_candidate()


def _apply(store, channel, path, current, new, engine_before, cleared, must_run):
    """Backs up, writes the journal, replaces the file and reloads the engine.

    `cleared` maps keys that `new` lacks to []. The engine first loads `new` with these keys, so that it drops their
    values; then the file is replaced by `new` itself.
    """
    old_members, new_members = try_parse_members(current.data), parse_members(new)
    set_on_rollback = values_to_set_on_rollback(old_members, [*new_members.names(), *cleared], engine_before)
    entry = {
        'kind': path.kind,
        'old': hash_of(current.data),
        'new': hash_of(new),
        'cleared': set_on_rollback,
        'before': engine_before.values if engine_before else None,
        'ours': [hash_of(new)],
        'folders': _missing_folders(path.folder),
        'aside': f'{path.name}.faulty-{hash_of(current.data)[:12]}' if old_members is None else None,
        'started': time.time(),
    }
    interim = with_members(new, cleared) if cleared else None
    # The texts besides `new` that the helper may write. Their hashes tell a rollback that no other program wrote them.
    texts = (interim, with_explicit_values(current.data, set_on_rollback), config_of_previous_values(entry))
    entry['ours'] += [hash_of(text) for text in texts if text]
    store.back_up(current.data, spared=(hash_of(new),))
    channel.send_step('backed-up')
    channel.check_open()
    store.write_journal(entry)
    is_replaced = False
    try:
        _prepare_folder(path, current, entry)
        replace_file(path, interim or new, current, [entry['old']])
        is_replaced = True
        confirmed = _reload_and_confirm(store.scope, channel, path, current, new, interim, must_run)
    except BaseException as error:
        state = roll_back(store, channel) if is_replaced else abort(store, channel)
        if isinstance(error, Refused):
            error.facts['state'] = state
        raise
    is_running = confirmed or find_process(store.scope, path.kind) is not None
    return {'hash': entry['new'], 'confirmed': confirmed, 'running': is_running}


def _missing_folders(folder):
    """The folders that do not exist yet, outermost first."""
    return [] if os.path.isdir(folder) else [*_missing_folders(os.path.dirname(folder)), folder]


def _prepare_folder(path, current, entry):
    """Creates the missing folders, and saves a copy of an invalid file beside it."""
    for folder in entry['folders']:
        try:
            os.mkdir(folder, 0o755)
            os.chmod(folder, 0o755)
        except OSError as error:
            raise refused_from_os_error(error, os.path.dirname(folder)) from None
    if entry['aside']:
        folder = open_folder(path)
        try:
            create_file(folder, entry['aside'], current.data, current)
        except FileExistsError:
            pass  # the name contains the hash, so the copy has the same content
        except OSError as error:
            raise refused_from_os_error(error, path.folder) from None
        finally:
            os.close(folder)


def _reload_and_confirm(scope, channel, path, current, new, interim, must_run):
    """Makes the engine load the file that was just written. Returns whether the engine confirmed the new values.

    If `must_run` is false, the engine may be down, perhaps because of the old file. If there is an `interim` text, the
    file contains it at the start of this function, and `new` at the end.
    """
    channel.send_step('swapped')
    process = find_process(scope, path.kind)
    confirmed = False
    if process is not None:
        reload(process)
        channel.send_step('reloaded')
        confirmed = _confirm(scope, _changed_values(current.data, interim or new), path.kind)
        if confirmed:
            channel.send_step('confirmed')
    elif must_run:
        raise Refused('engine-down', kind=path.kind)
    if interim:
        replace_file(path, new, current, [hash_of(interim)])
    channel.check_open()
    return confirmed


def _changed_values(old, new):
    """The values that the engine must confirm: those of changed managed keys, and the mirrors in any case.

    The engine may show the value of an unchanged key in another form than the file.
    """
    old_members, new_members = try_parse_members(old) or Members(), parse_members(new)
    return {
        key: value
        for key, value in new_members
        if key == MIRRORS or (key in MANAGED_KEYS and not is_identical(old_members.get(key), value))
    }


def _confirm(scope, wanted, kind):
    wanted = {key: value or [] for key, value in wanted.items()}
    confirmed, last_config = wait_until_in_force(scope, wanted, timeout_s=10)
    if not confirmed and last_config is not None:
        raise Refused('not-taken-up', mirrors=last_config.values[MIRRORS])
    if not confirmed and not find_process(scope, kind):
        raise Refused('engine-down', kind=kind)
    return confirmed
