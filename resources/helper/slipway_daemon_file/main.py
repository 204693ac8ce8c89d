"""Serves requests. The caller is not trusted: it supplies at most a verb, two hashes, and a text or edits."""

import contextlib
import os
import sys

from . import PROTOCOL
from .change import change, mend, restore
from .channel import Channel, ChannelClosed
from .config_file import hash_of, locate_config, read_config
from .edits import parse_edits
from .engine import read_engine_config
from .errors import Refused
from .inherited import reset_inherited
from .masking import is_public, mask
from .process import find_process, is_set_by_flag
from .rollback import recover, roll_back
from .rules import MANAGED_KEYS
from .store import Store

# Root's two programs share the verbs: polkit's prompt belongs to a program, and a whole-file restore has its own.
MIRROR_VERBS = ('read', 'history', 'change', 'mend')
RESTORE_VERBS = ('history', 'restore')

# How long the helper waits for a request, in seconds. After that, a change that was not kept is rolled back.
IDLE_TIMEOUT_S = 600


def main(scope, verbs):
    """`verbs`: those that this program serves. `keep` and `undo` end each change."""
    reset_inherited()
    channel = Channel()
    channel.send({'helper': 'slipway-daemon-file', 'protocol': PROTOCOL})
    sys.exit(serve(scope, channel, verbs))


def serve(scope, channel, verbs):
    """Handles requests one at a time.

    Returns the exit code: 0 if the caller, a signal or the timeout ended the conversation, 1 after a fatal refusal.
    Never 126 or 127, which pkexec uses itself.
    """
    try:
        if os.geteuid() != scope.uid:
            raise Refused('not-root')
        store = Store(scope)
        channel.send({'ready': True, 'recovered': _recover_unless_locked(store, channel)})
        while True:
            try:
                verb, request = channel.next_request(IDLE_TIMEOUT_S)
                _check_verb(verb, verbs)
                _handle(store, channel, verb, request)
            except Refused as refused:
                _send_refusal(channel, refused)
                if refused.code == 'bad-request':
                    return 1
    except Refused as refused:
        _send_refusal(channel, refused)
        return 1
    except ChannelClosed:
        return 0
    except Exception as error:  # a bug in the helper; its changes have been rolled back already
        _send_refusal(channel, Refused('internal', detail=type(error).__name__))
        raise


def _check_verb(verb, verbs):
    if verb in ('keep', 'undo'):
        raise Refused('out-of-turn', verb=verb)
    if verb not in verbs:
        raise Refused('other-program', verb=verb)


def _handle(store, channel, verb, request):
    if verb == 'read':
        channel.send({'answer': 'read', **_describe_config(store)})
    elif verb == 'history':
        channel.send({'answer': 'history', 'backups': store.history()})
    else:
        with store.locked():
            answer = _change(store, channel, verb, request)
        # Release the lock before the answer: once the caller has it, another helper may need the lock.
        channel.send(answer)


def _change(store, channel, verb, request):
    # The previous holder of the lock may have been killed in the middle of a change.
    recover(store, channel)
    if verb == 'restore':
        result = restore(store, channel, request.get('oldHash'), request.get('hash'))
    elif verb == 'change':
        result = change(store, channel, request.get('oldHash'), parse_edits(request.get('edits')))
    else:
        try:
            new = request.get('newText').encode()
        except UnicodeEncodeError:
            raise Refused('bad-request', detail='the text is not valid Unicode') from None
        result = mend(store, channel, request.get('oldHash'), new)
    channel.send({'answer': 'changed', **result})
    return _await_decision(store, channel)


def _await_decision(store, channel):
    """Waits for `keep` or `undo`, and returns the answer to it.

    An invalid request, the end of the input, a signal and a timeout roll the change back; another valid verb does not.
    """
    decided = False
    try:
        while True:
            verb, _ = channel.next_request(IDLE_TIMEOUT_S)
            if verb == 'keep':
                store.remove_journal()
                return {'answer': 'kept'}
            if verb == 'undo':
                decided = True
                return {'answer': 'undone', 'state': roll_back(store, channel)}
            _send_refusal(channel, Refused('out-of-turn', verb=verb))
    except BaseException as error:
        state = roll_back(store, channel) if not decided else None
        if isinstance(error, Refused):
            error.facts['state'] = state
        raise


def _recover_unless_locked(store, channel):
    """Rolls back a change that a crash interrupted, unless another helper holds the lock."""
    with contextlib.suppress(Refused):
        if store.read_journal():
            with store.locked():
                return recover(store, channel)
    return None


def _describe_config(store):
    path = locate_config(store.scope)
    current = read_config(path)
    process = find_process(store.scope, path.kind)
    config = read_engine_config(store.scope) if process else None
    return {
        'file': path.configured,
        'kind': path.kind,
        'target': os.path.join(path.folder, path.name) if path.is_link else None,
        'hash': hash_of(current.data),
        **_describe_text(path, current),
        'owner': None if current.data is None else current.uid,
        'group': None if current.data is None else current.gid,
        'mode': None if current.data is None else f'{current.mode:04o}',
        'reload': process.reload_method if process else None,
        'mirrors': config.values['registry-mirrors'] if config else None,
        'flags': [key for key in MANAGED_KEYS if process and is_set_by_flag(process.argv, key)],
        'pending': store.read_journal() is not None,
        'backups': store.history(),
    }


def _describe_text(path, current):
    """The text, masked unless everybody may read the file. A text that cannot be masked is not told, only its fault."""
    masked = not is_public(path, current)
    text, fault = current.data, None
    try:
        if masked:
            text = mask(current.data)
    except Refused as refused:
        text, fault = None, {'error': refused.code, **refused.facts, 'detail': ''}
    try:
        text = None if text is None else text.decode()
    except UnicodeDecodeError:
        text = None
    return {'text': text, 'masked': masked, 'fault': fault}


def _send_refusal(channel, refused):
    channel.send({'error': refused.code, 'state': 'untouched', **refused.facts})
