"""Runs the unchanged helper, and swaps /etc/docker right before its nth operation, as somebody might between two steps.

swap_folder.py N THEIRS: N counts the helper's calls of functions that look at, open or change files. /etc/docker is
then renamed to /etc/docker.swapped, and becomes a link to the folder THEIRS. If the helper ends before its nth
operation, the number of operations is printed on stderr.
"""
import os
import sys

sys.dont_write_bytecode = True
limit, theirs = int(sys.argv[1]), sys.argv[2]
sys.path.insert(0, '/usr/lib/slipway')
from slipway_daemon_file import main, scope  # noqa: E402

FILE_FUNCTIONS = set('open stat lstat fstat readlink listdir rename unlink mkdir rmdir chmod'.split())
operations = 0


def count_operation(frame, event, function):
    global operations
    if event != 'c_call' or function.__name__ not in FILE_FUNCTIONS or 'importlib' in frame.f_code.co_filename:
        return
    operations += 1
    if operations == limit:
        sys.setprofile(None)
        os.rename('/etc/docker', '/etc/docker.swapped')
        os.symlink(theirs, '/etc/docker')


sys.setprofile(count_operation)
try:
    main.main(scope.ROOT, main.MIRROR_VERBS)
finally:
    sys.setprofile(None)
    print(operations, file=sys.stderr)
