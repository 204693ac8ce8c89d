"""The helper: the mirrors and insecure registries in Docker's daemon.json, and nothing else.

As root it changes the computer's, as a user the one of that user's own Docker.

main       the conversation: one JSON object a line, fixed verbs
talk       the lines in and out, the time that is left, signals
strict     JSON by the letter: nothing twice, nothing lost
rules      which texts may take the place of which
side       whose Docker it is: the computer's, or a user's own
place      which file it is, and whether it is safe to touch
swap       one file in another's place, at once or not at all
vault      what nobody else may touch: the lock, the backups, the journal
process    the engine's process: which it is, what it was given, how it is told to reload
engine     what the engine itself says
change     the steps of a change
back       the way back, also after a crash
refusal    the closed list of what can go wrong
"""

PROTOCOL = 1
