"""The conversation. Nothing of it is trusted but the two hashes and the text that each verb may say."""

import contextlib
import os
import resource
import sys

from . import PROTOCOL
from .back import put_back, recover
from .change import change, restore
from .engine import in_force
from .place import find_place, hash_of, read_found
from .process import find_process, given_as_flag
from .refusal import Refused
from .rules import OURS
from .talk import Ended, Talk
from .vault import Vault

# So long it waits for a word, in seconds. Then a change that nobody has kept is put back.
PATIENCE = 600


def main(side):
    _leave_surroundings()
    talk = Talk()
    talk.tell({'helper': 'slipway-daemon-file', 'protocol': PROTOCOL})
    sys.exit(converse(side, talk))


def converse(side, talk):
    """Answers one request after the other. 0 where all went its way; never 126 or 127, which are pkexec's."""
    try:
        if os.geteuid() != side.uid:
            raise Refused('not-root')
        vault = Vault(side)
        talk.tell({'ready': True, 'recovered': _recover(vault, talk)})
        while True:
            try:
                verb, request = talk.next(PATIENCE)
                _answer(vault, talk, verb, request)
            except Refused as refused:
                _tell(talk, refused)
                if refused.code == 'bad-request':
                    return 1
    except Refused as refused:
        _tell(talk, refused)
        return 1
    except Ended:
        return 0
    except Exception as error:  # a fault of ours: what it changed is put back already
        _tell(talk, Refused('internal', detail=type(error).__name__))
        raise


def _answer(vault, talk, verb, request):
    if verb == 'read':
        talk.tell({'answer': 'read', **_what_is_so(vault)})
    elif verb == 'history':
        talk.tell({'answer': 'history', 'backups': vault.history()})
    elif verb in ('change', 'restore'):
        with vault.locked():
            _change(vault, talk, verb, request)
    else:
        raise Refused('out-of-turn', verb=verb)


def _change(vault, talk, verb, request):
    # Whoever held the lock until now may have been cut off.
    recover(vault, talk)
    if verb == 'change':
        try:
            new = request.get('newText').encode()
        except UnicodeEncodeError:
            raise Refused('bad-request', detail='not a text') from None
        done = change(vault, talk, request.get('oldHash'), new)
    else:
        done = restore(vault, talk, request.get('oldHash'), request.get('hash'))
    talk.tell({'answer': 'changed', **done})
    _decide(vault, talk)


def _decide(vault, talk):
    """Waits for the caller's word. Whatever else comes, or does not come, puts all back."""
    decided = False
    try:
        while not decided:
            verb, _ = talk.next(PATIENCE)
            if verb == 'keep':
                vault.close_journal()
                decided = True
                talk.tell({'answer': 'kept'})
            elif verb == 'undo':
                decided = True
                talk.tell({'answer': 'undone', 'state': put_back(vault, talk)})
            else:
                _tell(talk, Refused('out-of-turn', verb=verb))
    except BaseException as error:
        state = put_back(vault, talk) if not decided else None
        if isinstance(error, Refused):
            error.facts['state'] = state
        raise


def _recover(vault, talk):
    """Puts back what a crash has cut, unless it is under way elsewhere."""
    with contextlib.suppress(Refused):
        if vault.journal():
            with vault.locked():
                return recover(vault, talk)
    return None


def _what_is_so(vault):
    place = find_place(vault.side)
    found = read_found(place)
    process = find_process(vault.side, place.kind)
    asked = in_force(vault.side) if process else None
    try:
        text = None if found.data is None else found.data.decode()
    except UnicodeDecodeError:
        text = None
    return {
        'file': place.path,
        'kind': place.kind,
        'target': os.path.join(place.folder, place.name) if place.link else None,
        'hash': hash_of(found.data),
        'text': text,
        'owner': None if found.data is None else found.uid,
        'group': None if found.data is None else found.gid,
        'mode': None if found.data is None else f'{found.mode:04o}',
        'reload': process.way if process else None,
        'mirrors': asked.values['registry-mirrors'] if asked else None,
        'flags': [key for key in OURS if process and given_as_flag(process.argv, key)],
        'pending': vault.journal() is not None,
        'backups': vault.history(),
    }


def _tell(talk, refused):
    talk.tell({'error': refused.code, 'state': 'untouched', **refused.facts})


def _leave_surroundings():
    """Nothing of the caller's stays but its pipes: environment, folder, mask, limits, terminal."""
    os.environ.clear()
    os.chdir('/')
    os.umask(0o077)
    os.closerange(3, 1024)
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_DATA):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        os.setsid()
