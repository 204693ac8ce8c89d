#!/usr/bin/env bash
# inside.sh COMMAND… runs a command in a new world. When the command ends, for whatever reason, the kernel kills all
# processes of the world, and its mounts, network interfaces, control groups and files are removed.
#
# A world has its own processes, mounts and loopback network. It sees the machine's files, but starts with an empty /run,
# and without the machine's Docker.
# What it writes to /etc, /opt and /run stays in the world, so that its engines cannot disturb the machine's Docker.
# $SLIPWAY_WORLD is the world's folder, which contains $TMPDIR and $HOME.
set -euo pipefail
script_folder=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
repository=${script_folder%/tools/world}
source "$script_folder/folders.sh"

# Returns the exit code of a child process. A trapped signal interrupts `wait`, so wait again while the child is alive.
wait_for() {
  local code
  while :; do
    wait "$1" && code=0 || code=$?
    kill -0 "$1" 2>/dev/null || return $code
  done
}

send_term() { kill -TERM "$@" 2>/dev/null || true; }

# Hides an installed dockerd, so that Slipway finds the same on every machine: a folder of whiteouts over the real one.
hide_docker() {
  local folder hidden
  for folder in /usr/bin /usr/sbin /usr/local/bin; do
    [ -e "$folder/dockerd" ] || continue
    hidden=$SLIPWAY_WORLD/overlays$folder
    mkdir -p "$hidden"
    mknod "$hidden/dockerd" c 0 0
    mount -t overlay -o "lowerdir=$hidden:$folder" overlay "$folder"
  done
  [ ! -e /var/snap/docker ] || mount -t tmpfs tmpfs /var/snap
}

# The part inside the new namespaces: prepares the world and runs the command.
run_inside() {
  local folder
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir -p -m 1777 /tmp/.X11-unix
  mount -t tmpfs -o mode=1777 tmpfs /tmp/.X11-unix
  for folder in etc opt; do
    mkdir -p "$SLIPWAY_WORLD/overlays/$folder" "$SLIPWAY_WORLD/overlays/.$folder"
    mount -t overlay -o "lowerdir=/$folder,upperdir=$SLIPWAY_WORLD/overlays/$folder,workdir=$SLIPWAY_WORLD/overlays/.$folder" overlay /$folder
  done
  hide_docker
  ip link set lo up
  # The address of the world's DNS server, which only runs while there are mirrors (mirrors/dns.ts).
  # resolv.conf is removed first because it may be a symbolic link.
  rm -f /etc/resolv.conf
  echo nameserver 127.0.0.53 >/etc/resolv.conf

  mkdir "$SLIPWAY_WORLD"/{tmp,home}
  chmod 1777 "$SLIPWAY_WORLD/tmp"
  export TMPDIR=$SLIPWAY_WORLD/tmp HOME=$SLIPWAY_WORLD/home
  # sudo's PATH lacks the repository's Node, a user's PATH lacks sbin.
  export PATH=$repository/node_modules/.bin:$PATH:/usr/local/sbin:/usr/sbin:/sbin
  unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS
  unset DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG

  "$@" <&0 &
  command=$!
  trap 'send_term $command' TERM HUP
  trap : INT # the terminal sends SIGINT to the command as well
  wait_for $command && code=0 || code=$?
  thaw "$SLIPWAY_WORLD"
  exit $code
}

# With cgroup v1, frozen processes cannot be killed.
thaw() {
  find /sys/fs/cgroup/freezer/"$(basename "$1")" -name freezer.state -exec sh -c 'echo THAWED >"$1"' - {} \; 2>/dev/null || true
}

# Removes a world whose processes have ended.
remove() {
  local group tries
  thaw "$1"
  for group in /sys/fs/cgroup/{,*/}"$(basename "$1")"; do
    for tries in {1..20}; do
      [ -d "$group" ] || break
      # Fails while the last process of the group is still exiting.
      find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
    done
  done
  rm -rf --one-file-system "$1"
}

# Removes worlds whose inside.sh was killed: no process holds their lock.
remove_abandoned() {
  local world
  find $worlds -maxdepth 1 -type d -name 'slipway-*' -user "$(id -un)" | while read -r world; do
    if [ -e "$world/lock" ] && flock --nonblock "$world/lock" true; then remove "$world"; fi
  done
}

# Files that were written as root into the user's clone get the user as their owner.
chown_to_user() {
  [ -n "${SUDO_UID-}" ] || return 0
  find "$repository" -xdev -user root -exec chown -h "$SUDO_UID:$SUDO_GID" {} +
}

# The part outside of the new namespaces: creates the world, waits for it and removes it.
run_outside() {
  remove_abandoned
  SLIPWAY_WORLD=$(mktemp -d $worlds/slipway-XXXXXX)
  export SLIPWAY_WORLD
  chmod 711 "$SLIPWAY_WORLD"
  exec {lock}>"$SLIPWAY_WORLD/lock"
  flock $lock

  setpriv --pdeathsig KILL unshare --pid --net --mount --mount-proc --fork --kill-child "$script_folder/inside.sh" --inner "$@" <&0 &
  unshare=$!
  # unshare does not pass signals on to its child, so signal the child directly.
  trap 'send_term $(cat /proc/$unshare/task/$unshare/children)' TERM HUP
  trap : INT
  wait_for $unshare && code=0 || code=$?
  remove "$SLIPWAY_WORLD"
  chown_to_user
  exit $code
}

rerun_as_root() {
  local name environment=()
  # sudo drops most environment variables.
  for name in SLIPWAY_ENGINES SLIPWAY_MATRIX CI TERM LANG LC_ALL FORCE_COLOR NO_COLOR ELECTRON_OVERRIDE_DIST_PATH; do
    [ -z "${!name-}" ] || environment+=("$name=${!name}")
  done
  exec sudo env "${environment[@]}" setpriv --pdeathsig KILL "$script_folder/inside.sh" "$@"
}

if [ "${1-}" = --inner ]; then
  shift
  run_inside "$@"
elif [ "$(id -u)" = 0 ]; then
  run_outside "$@"
else
  rerun_as_root "$@"
fi
