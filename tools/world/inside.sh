#!/usr/bin/env bash
# inside.sh COMMAND… runs a command in a world of its own. When the command ends, however it ends, the kernel ends
# whatever it started, and no mount, interface, control group or file of it is left.
#
# A world has its own processes, mounts and loopback network. Of the machine's files it sees all; what it writes into
# /etc, /opt and /run is its own, so that its engines cannot touch a Docker that runs on the machine.
# $SLIPWAY_WORLD is its folder, with $TMPDIR and $HOME in it.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
repository=${here%/tools/world}
source "$here/folders.sh"

# Waits on through the signals that it passes on, and gives the command's own exit code.
wait_for() {
  local code
  while :; do
    wait "$1" && code=0 || code=$?
    kill -0 "$1" 2>/dev/null || return $code
  done
}

ask_to_end() { kill -TERM "$@" 2>/dev/null || true; }

inner() {
  local folder
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir -p -m 1777 /tmp/.X11-unix
  mount -t tmpfs -o mode=1777 tmpfs /tmp/.X11-unix
  for folder in etc opt; do
    mkdir -p "$SLIPWAY_WORLD/own/$folder" "$SLIPWAY_WORLD/own/.$folder"
    mount -t overlay -o "lowerdir=/$folder,upperdir=$SLIPWAY_WORLD/own/$folder,workdir=$SLIPWAY_WORLD/own/.$folder" overlay /$folder
  done
  ip link set lo up
  # Names are what the world's mirrors have (tools/world/mirrors); without them nobody answers. It may have been a link.
  rm -f /etc/resolv.conf
  echo nameserver 127.0.0.53 >/etc/resolv.conf

  mkdir "$SLIPWAY_WORLD"/{tmp,home}
  chmod 1777 "$SLIPWAY_WORLD/tmp"
  export TMPDIR=$SLIPWAY_WORLD/tmp HOME=$SLIPWAY_WORLD/home
  # sudo's path knows nothing of our own Node, a user's nothing of sbin.
  export PATH=$repository/node_modules/.bin:$PATH:/usr/local/sbin:/usr/sbin:/sbin
  unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS
  unset DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG

  "$@" <&0 &
  command=$!
  trap 'ask_to_end $command' TERM HUP
  trap : INT # the terminal has told the command itself
  wait_for $command && code=0 || code=$?
  thaw "$SLIPWAY_WORLD"
  exit $code
}

# What is frozen cannot be killed, on control groups of version 1.
thaw() {
  find /sys/fs/cgroup/freezer/"$(basename "$1")" -name freezer.state -exec sh -c 'echo THAWED >"$1"' - {} \; 2>/dev/null || true
}

remove() {
  local group tries
  thaw "$1"
  for group in /sys/fs/cgroup/{,*/}"$(basename "$1")"; do
    for tries in {1..20}; do
      [ -d "$group" ] || break
      # Its last process may still be on its way out.
      find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
    done
  done
  rm -rf --one-file-system "$1"
}

# Worlds whose keeper was killed: nobody holds their lock any more.
remove_left() {
  local left
  find $worlds -maxdepth 1 -type d -name 'slipway-*' -user "$(id -un)" | while read -r left; do
    if [ -e "$left/lock" ] && flock --nonblock "$left/lock" true; then remove "$left"; fi
  done
}

# What was written as root among the user's own files is the user's.
give_back() {
  [ -n "${SUDO_UID-}" ] || return 0
  find "$repository" -xdev -user root -exec chown -h "$SUDO_UID:$SUDO_GID" {} +
}

outer() {
  remove_left
  SLIPWAY_WORLD=$(mktemp -d $worlds/slipway-XXXXXX)
  export SLIPWAY_WORLD
  chmod 711 "$SLIPWAY_WORLD"
  exec {lock}>"$SLIPWAY_WORLD/lock"
  flock $lock

  setpriv --pdeathsig KILL unshare --pid --net --mount --mount-proc --fork --kill-child "$here/inside.sh" --inner "$@" <&0 &
  unshare=$!
  # unshare keeps signals from its child, so the child itself is told.
  trap 'ask_to_end $(cat /proc/$unshare/task/$unshare/children)' TERM HUP
  trap : INT
  wait_for $unshare && code=0 || code=$?
  remove "$SLIPWAY_WORLD"
  give_back
  exit $code
}

as_root() {
  local name kept=()
  # sudo keeps hardly anything of the environment.
  for name in SLIPWAY_ENGINES SLIPWAY_MATRIX CI TERM LANG LC_ALL FORCE_COLOR NO_COLOR ELECTRON_OVERRIDE_DIST_PATH; do
    [ -z "${!name-}" ] || kept+=("$name=${!name}")
  done
  exec sudo env "${kept[@]}" setpriv --pdeathsig KILL "$here/inside.sh" "$@"
}

if [ "${1-}" = --inner ]; then
  shift
  inner "$@"
elif [ "$(id -u)" = 0 ]; then
  outer "$@"
else
  as_root "$@"
fi
