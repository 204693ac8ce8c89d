"""The helper as it is, cut off right before the operation with a number: what a crash between two steps leaves.

helper-cut.py NUMBER FOLDER root|own: counts the operations that change something, the words it says among them. The
helper, whose modules are in the folder, knows nothing of it. Without being cut, it tells how many there were on stderr.
"""
import os
import signal
import sys

sys.dont_write_bytecode = True
number, folder, which = int(sys.argv[1]), *sys.argv[2:]
sys.path.insert(0, folder)
from slipway_daemon_file import main, scope  # noqa: E402

CHANGES = set(
    'open write fsync rename unlink mkdir rmdir chmod fchmod fchown utime setxattr kill pidfd_send_signal'.split()
)
here = scope.ROOT if which == 'root' else scope.user_scope(os.environ)
done = 0


def count(frame, event, function):
    global done
    if event != 'c_call' or function.__name__ not in CHANGES or 'slipway_daemon_file' not in frame.f_code.co_filename:
        return
    done += 1
    if done == number:
        os.kill(os.getpid(), signal.SIGKILL)


sys.setprofile(count)
try:
    main.main(here)
finally:
    sys.setprofile(None)
    print(done, file=sys.stderr)
