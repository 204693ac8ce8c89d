"""The lines in and out: one JSON object each. A caller that goes, is silent or is told to end is all one."""

import json
import os
import re
import select
import signal
import time

from .refusal import Refused
from .strict import Invalid, Members, parse

# A text of the largest size, with each byte escaped.
MOST_BYTES = 8 << 20

HASH = re.compile('[0-9a-f]{64}')


def _is_hash(value):
    return type(value) is str and bool(HASH.fullmatch(value))


def _is_hash_or_none(value):
    return value is None or _is_hash(value)


def _is_text(value):
    return type(value) is str


VERBS = {
    'read': {},
    'history': {},
    'change': {'oldHash': _is_hash_or_none, 'newText': _is_text},
    'restore': {'oldHash': _is_hash_or_none, 'hash': _is_hash},
    'keep': {},
    'undo': {},
}


class Ended(Exception):
    """Nobody is there any more, or time is up."""


class Talk:
    def __init__(self, source=0, sink=1):
        self.source = source
        self.sink = sink
        self.over = False
        self._pending = bytearray()
        self._woken, wakes = os.pipe()
        os.set_blocking(wakes, False)
        os.set_blocking(sink, False)
        signal.set_wakeup_fd(wakes)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, self._end)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def _end(self, *_):
        self.over = True

    def check(self):
        """Raises where there is nobody left to work for."""
        if self.over:
            raise Ended

    def step(self, name):
        self.tell({'step': name})

    def tell(self, line):
        """Says something; to nobody, if nobody listens."""
        rest = memoryview(json.dumps(line).encode() + b'\n')
        try:
            while rest:
                if not select.select([], [self.sink], [], 10)[1]:
                    raise BrokenPipeError
                rest = rest[os.write(self.sink, rest) :]
        except OSError:
            self.over = True

    def next(self, patience):
        """The next request, a verb and what it says. Raises Ended where none comes in time."""
        line = self._line(time.monotonic() + patience)
        try:
            request = parse(line.decode())
        except (UnicodeDecodeError, Invalid):
            raise Refused('bad-request', detail='not JSON') from None
        if not isinstance(request, Members) or len(set(request.names())) != len(request):
            raise Refused('bad-request', detail='not an object with each key once')
        verb = request.get('verb')
        wanted = VERBS.get(verb) if type(verb) is str else None
        if wanted is None:
            raise Refused('bad-request', detail='no such verb')
        if set(request.names()) != {'verb', *wanted}:
            raise Refused('bad-request', detail='other keys than the verb has')
        if not all(holds(request.get(key)) for key, holds in wanted.items()):
            raise Refused('bad-request', detail='wrong type')
        return verb, request

    def _line(self, until):
        seen = 0
        while self._pending.find(b'\n', seen) < 0:
            self.check()
            seen = len(self._pending)
            if len(self._pending) > MOST_BYTES:
                raise Refused('bad-request', detail='too long')
            ready = select.select([self.source, self._woken], [], [], max(0, until - time.monotonic()))[0]
            if not ready:
                raise Ended
            if self.source in ready:
                more = os.read(self.source, 1 << 16)
                if not more:
                    raise Ended
                self._pending += more
        self.check()
        line, _, self._pending = self._pending.partition(b'\n')
        return bytes(line)
