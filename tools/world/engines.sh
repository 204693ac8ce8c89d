#!/usr/bin/env bash
# Fetches the engines, the registry and the sshd that worlds are made of: Debian's own packages, unpacked into a folder,
# never installed, so that none of them starts a service on the machine. The engines come from three suites, because an
# engine's behaviour changes from version to version.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/folders.sh"

say() { printf 'setup: %s\n' "$*" >&2; }

# The machine's own Debian mirror, which may be the only one that it reaches.
mirror() {
  grep -qs '^ID=debian' /etc/os-release && apt-get indextargets --format '$(REPO_URI)' | grep -m1 '^http.*/debian/$' ||
    echo http://deb.debian.org/debian/
}

# apt with folders of its own: the machine's lists and packages stay as they are, and no root is needed.
private_apt() {
  local suite=$1 work=$2
  mkdir -p "$work"/{state/lists/partial,cache/archives/partial}
  : >"$work/state/status"
  cat >"$work/list.sources" <<SOURCES
Types: deb
URIs: $(mirror)
Suites: $suite
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
  cat >"$work/apt.conf" <<CONF
Dir::State "$work/state";
Dir::State::status "$work/state/status";
Dir::Cache "$work/cache";
Dir::Etc::sourcelist "$work/list.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Languages "none";
Acquire::http::Timeout "20";
APT::Update::Error-Mode "any";
APT::Sandbox::User "$(id -un)";
CONF
  export APT_CONFIG=$work/apt.conf
}

# The few programs that an engine is, flat in one folder.
unpack() {
  local from=$1 to=$2 name package
  mkdir -p "$from/root" "$to"
  for package in "$from"/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$from/root" --wildcards './usr/*bin/*'
  done
  for name in dockerd docker docker-proxy containerd containerd-shim-runc-v2 runc; do
    find "$from/root" -type f -name $name -exec mv {} "$to/" \;
  done
  find "$from/root" -type f -name tini-static -exec mv {} "$to/docker-init" \;
}

# fetch WORK VERSION SUITE PACKAGE…
fetch() {
  local work=$1 version=$2 suite=$3
  shift 3
  private_apt "$suite" "$work"
  apt-get update -qq
  (cd "$work" && apt-get download -qq docker.io containerd runc "$@")
  unpack "$work" "$work/engine/bin"
  # Newer suites are built for a newer libc: their dockerd runs here all the same, their runc may not. Any will do.
  "$work/engine/bin/runc" --version >/dev/null 2>&1 || ln -sf ../../20.10/bin/runc "$work/engine/bin/runc"
  "$work/engine/bin/containerd" --version >/dev/null
  "$work/engine/bin/dockerd" --version | sed -E 's/.*version ([0-9.]+).*/\1/' >"$work/engine/version"
  chmod -R go+rX "$work/engine"
  mv "$work/engine" "$SLIPWAY_ENGINES/$version"
}

# A package of which one program is needed: fetch_program WORK NAME SUITE PACKAGE PROGRAM
fetch_program() {
  local work=$1 name=$2 suite=$3 package=$4 program=$5
  private_apt "$suite" "$work"
  apt-get update -qq
  (cd "$work" && apt-get download -qq "$package")
  mkdir -p "$work/part/bin"
  dpkg-deb --fsys-tarfile "$work"/*.deb | tar -x -O ".$program" >"$work/part/bin/${program##*/}"
  chmod +x "$work/part/bin/${program##*/}"
  dpkg-deb --field "$work"/*.deb Version | sed -E 's/^[0-9]+://; s/^([0-9.]+).*/\1/' >"$work/part/version"
  chmod -R go+rX "$work/part"
  mv "$work/part" "$SLIPWAY_ENGINES/$name"
}

ready() { [ -e "$SLIPWAY_ENGINES/$1/version" ]; }
all_ready() { ready 20.10 && ready 26.1 && ready newest && ready registry && ready sshd; }
# Asked for once a day, so that those who cannot have it need not wait each time.
newest_failed() { [ -n "$(find "$SLIPWAY_ENGINES/newest.failed" -mmin -1440 2>/dev/null)" ]; }

all_ready && exit
mkdir -p "$SLIPWAY_ENGINES"
exec {lock}>"$SLIPWAY_ENGINES/.lock"
flock $lock
rm -rf "$SLIPWAY_ENGINES"/.fetch.*

what() {
  case $1 in
    registry | sshd) echo "the $1" ;;
    *) echo "the $1 engine" ;;
  esac
}

fetching=()
begin() {
  ready "$1" && return
  say "fetching $(what "$1") from Debian $2 …"
  fetch_and_tell "$@" &
  fetching+=($!)
}
fetch_and_tell() {
  local from=$SECONDS work how=fetch
  case $1 in registry | sshd) how=fetch_program ;; esac
  work=$(mktemp -d "$SLIPWAY_ENGINES/.fetch.XXXXXX")
  # In the background, so that its first error ends it: bash lets that pass in what `if` and `||` ask about.
  $how "$work" "$@" >"$work/log" 2>&1 &
  wait $! || true
  if ready "$1"; then
    say "$(what "$1"), $(<"$SLIPWAY_ENGINES/$1/version"), from Debian $2: $((SECONDS - from)) s"
  else
    say "$(what "$1") failed: $(grep -m1 '^E:' "$work/log" || tail -n 1 "$work/log")"
  fi
  rm -rf "$work"
}
begin 20.10 bookworm tini
begin registry bookworm docker-registry /usr/bin/docker-registry
begin sshd bookworm openssh-server /usr/sbin/sshd
begin 26.1 trixie tini docker-cli
newest_failed || begin newest testing tini-static docker-cli
for job in "${fetching[@]}"; do wait "$job" || true; done

for part in 20.10 26.1 registry sshd; do
  ready $part || { say "$(what $part) cannot be had from here"; exit 1; }
done
ready newest && exit
newest_failed || touch "$SLIPWAY_ENGINES/newest.failed"
say 'the newest engine cannot be had from here: what needs it is skipped'
