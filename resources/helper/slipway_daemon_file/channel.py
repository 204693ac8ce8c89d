"""Reads and writes lines, one JSON object each. A closed pipe, a timeout or a signal ends the conversation."""

import json
import os
import re
import select
import signal
import time

from .errors import Refused
from .strict_json import InvalidJson, Members, parse

# Enough for the largest allowed text with every byte escaped.
MAX_LINE_BYTES = 8 << 20

HASH = re.compile('[0-9a-f]{64}')


def _is_hash(value):
    return type(value) is str and bool(HASH.fullmatch(value))


def _is_hash_or_none(value):
    return value is None or _is_hash(value)


def _is_text(value):
    return type(value) is str


def _is_list(value):
    return type(value) is list


VERBS = {
    'read': {},
    'history': {},
    'change': {'oldHash': _is_hash_or_none, 'edits': _is_list},
    'mend': {'oldHash': _is_hash, 'newText': _is_text},
    'restore': {'oldHash': _is_hash_or_none, 'hash': _is_hash},
    'keep': {},
    'undo': {},
}


class ChannelClosed(Exception):
    """The caller is gone, a signal asked the helper to end, or no request arrived in time."""


class Channel:
    def __init__(self, source=0, sink=1):
        self.source = source
        self.sink = sink
        self.is_closed = False
        self._pending = bytearray()
        self._wakeup, wakeup_writer = os.pipe()
        os.set_blocking(wakeup_writer, False)
        os.set_blocking(sink, False)
        signal.set_wakeup_fd(wakeup_writer)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, *_):
        self.is_closed = True

    def check_open(self):
        """Raises ChannelClosed if the caller is gone or a signal has arrived."""
        if self.is_closed:
            raise ChannelClosed

    def send_step(self, name):
        self.send({'step': name})

    def send(self, message):
        """Sends one object. Does not raise if the caller is gone: the next `check_open` does."""
        remaining = memoryview(json.dumps(message).encode() + b'\n')
        try:
            while remaining:
                # After a signal, a caller that does not read must not delay the rollback.
                if not select.select([], [self.sink], [], 0 if self.is_closed else 10)[1]:
                    raise BrokenPipeError
                remaining = remaining[os.write(self.sink, remaining) :]
        except OSError:
            self.is_closed = True

    def next_request(self, timeout_s):
        """Returns the verb of the next request, and the whole request. Raises ChannelClosed after the timeout."""
        line = self._read_line(time.monotonic() + timeout_s)
        try:
            request = parse(line.decode())
        except (UnicodeDecodeError, InvalidJson):
            raise Refused('bad-request', detail='not JSON') from None
        if not isinstance(request, Members) or len(set(request.names())) != len(request):
            raise Refused('bad-request', detail='not an object with unique keys')
        verb = request.get('verb')
        fields = VERBS.get(verb) if type(verb) is str else None
        if fields is None:
            raise Refused('bad-request', detail='unknown verb')
        if set(request.names()) != {'verb', *fields}:
            raise Refused('bad-request', detail='missing or unknown keys')
        if not all(is_valid(request.get(key)) for key, is_valid in fields.items()):
            raise Refused('bad-request', detail='invalid value')
        return verb, request

    def _read_line(self, deadline):
        searched_length = 0
        while self._pending.find(b'\n', searched_length) < 0:
            self.check_open()
            searched_length = len(self._pending)
            if len(self._pending) > MAX_LINE_BYTES:
                raise Refused('bad-request', detail='line too long')
            ready = select.select([self.source, self._wakeup], [], [], max(0, deadline - time.monotonic()))[0]
            if not ready:
                raise ChannelClosed
            if self.source in ready:
                chunk = os.read(self.source, 1 << 16)
                if not chunk:
                    raise ChannelClosed
                self._pending += chunk
        self.check_open()
        line, _, self._pending = self._pending.partition(b'\n')
        return bytes(line)
