"""Resets what the helper inherits from its caller, who is not trusted, beside its pipes."""

import contextlib
import os
import resource
import signal

# Python ignores the first two itself: a write then fails with an error, instead of ending the helper. With the others, the
# caller's terminal could stop the helper in the middle of a change.
_IGNORED_SIGNALS = {signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
_MAX_FILES = 1024
_STACK_BYTES = 8 << 20
_UNLIMITED = (
    resource.RLIMIT_AS,
    resource.RLIMIT_CPU,
    resource.RLIMIT_DATA,
    resource.RLIMIT_FSIZE,
    resource.RLIMIT_NPROC,
    resource.RLIMIT_RTTIME,
    resource.RLIMIT_SIGPENDING,
)


def reset_inherited():
    """Call this first: until then, a timer or a limit of the caller's may end the helper."""
    for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
        signal.setitimer(timer, 0)
    _reset_signals()
    _reset_limits()
    _reset_priority()
    os.environ.clear()
    os.chdir('/')
    os.umask(0o077)
    os.closerange(3, _MAX_FILES)
    # Leaves the caller's terminal.
    with contextlib.suppress(OSError):
        os.setsid()


def _reset_signals():
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN if number in _IGNORED_SIGNALS else signal.SIG_DFL)
    # A signal that was already pending may end the helper here, before it does anything.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _reset_limits():
    for limit in _UNLIMITED:
        _set_limit(limit, resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    # On a small stack, a deeply nested request would end the helper.
    _set_limit(resource.RLIMIT_STACK, _STACK_BYTES, resource.RLIM_INFINITY)
    _set_limit(resource.RLIMIT_NOFILE, _MAX_FILES, _MAX_FILES)
    _set_limit(resource.RLIMIT_CORE, 0, 0)


def _set_limit(limit, soft, hard):
    try:
        resource.setrlimit(limit, (soft, hard))
    except (ValueError, OSError):
        # Only root may raise the hard limit.
        _, current_hard = resource.getrlimit(limit)
        resource.setrlimit(limit, (current_hard, current_hard))


def _reset_priority():
    """Resets what would make the helper slow, or the first to be killed when memory is short."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, 0)
    with contextlib.suppress(OSError), open('/proc/self/oom_score_adj', 'w') as file:
        file.write('0')
