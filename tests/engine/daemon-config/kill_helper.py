"""Runs the unchanged helper, and kills it right before its nth operation, as a crash between two steps would.

kill_helper.py N FOLDER root|user: N counts the helper's calls of functions that change something, including its writes
to stdout. FOLDER has the helper's modules. If the helper ends before its nth operation, the number of operations is
printed on stderr.
"""
import os
import signal
import sys

sys.dont_write_bytecode = True
limit, folder, scope_name = int(sys.argv[1]), *sys.argv[2:]
sys.path.insert(0, folder)
from slipway_daemon_file import main, scope  # noqa: E402

CHANGING_FUNCTIONS = set(
    'open write fsync rename unlink mkdir rmdir chmod fchmod fchown utime setxattr kill pidfd_send_signal'.split()
)
helper_scope = scope.ROOT if scope_name == 'root' else scope.user_scope(os.environ)
operations = 0


def count_operation(frame, event, function):
    global operations
    is_helper = 'slipway_daemon_file' in frame.f_code.co_filename
    if event != 'c_call' or function.__name__ not in CHANGING_FUNCTIONS or not is_helper:
        return
    operations += 1
    if operations == limit:
        os.kill(os.getpid(), signal.SIGKILL)


sys.setprofile(count_operation)
try:
    main.main(helper_scope, main.MIRROR_VERBS + main.RESTORE_VERBS)
finally:
    sys.setprofile(None)
    print(operations, file=sys.stderr)
