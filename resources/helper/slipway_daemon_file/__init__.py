"""The helper: changes the mirrors and insecure registries in Docker's daemon.json, mends the punctuation of a file that
Docker cannot read, or replaces such a file by a backup.

As root, it changes the system's daemon.json; as another user, that of the user's rootless Docker.

main         serves requests: one JSON object per line, a fixed set of verbs
inherited    resets what the helper inherits from its caller: signals, timers, limits, environment
channel      reads and writes the lines; timeouts and signals
strict_json  a JSON parser that keeps duplicate keys, and numbers as they are written
rules        which changes of the text are allowed
addresses    which addresses of mirrors and registries a change may add
edits        the edits of a change
masking      what is told of a file that not everybody may read
mend         which mends of a broken text are allowed
scope        the system's Docker or a user's rootless Docker: all differences between the two
config_file  where daemon.json is, and whether it is safe to change
trusted_path follows a path, and refuses it if others could change anything on the way
replace      replaces a file atomically
store        the helper's private folder: the lock, the backups and the journal
process      dockerd's process: which one it is, its flags, and how it is reloaded
engine       what the engine's API reports
change       the steps of a change
rollback     undoes a change, also after a crash
errors       the closed list of error codes
"""

PROTOCOL = 3
