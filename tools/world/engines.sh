#!/usr/bin/env bash
# Downloads what worlds use: the engines, Podman, the registry and the sshd; and the login shells that tests read. These
# are Debian's packages, unpacked into a folder and never installed, so that they do not start services on the machine. The
# engines come from three Debian releases, because engines behave differently from version to version.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/folders.sh"

log() { printf 'setup: %s\n' "$*" >&2; }

# The machine's own Debian mirror, because it may be the only one that the machine can reach.
debian_mirror() {
  grep -qs '^ID=debian' /etc/os-release && apt-get indextargets --format '$(REPO_URI)' | grep -m1 '^http.*/debian/$' ||
    echo http://deb.debian.org/debian/
}

# Makes apt use its own folders, so that the machine's package lists stay unchanged and root is not needed.
use_private_apt() {
  local suite=$1 work=$2
  mkdir -p "$work"/{state/lists/partial,cache/archives/partial}
  : >"$work/state/status"
  cat >"$work/list.sources" <<SOURCES
Types: deb
URIs: $(debian_mirror)
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

# unpack_engine FROM TO: unpacks the engine's programs from the packages in FROM, all into the folder TO.
unpack_engine() {
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

# fetch_engine WORK VERSION SUITE PACKAGE…
fetch_engine() {
  local work=$1 version=$2 suite=$3
  shift 3
  use_private_apt "$suite" "$work"
  apt-get update -qq
  (cd "$work" && apt-get download -qq docker.io containerd runc "$@")
  unpack_engine "$work" "$work/engine/bin"
  # Packages of a newer release need a newer libc. dockerd runs here nevertheless, but runc may not. Any version of
  # runc works, so use the one of 20.10.
  "$work/engine/bin/runc" --version >/dev/null 2>&1 || ln -sf ../../20.10/bin/runc "$work/engine/bin/runc"
  "$work/engine/bin/containerd" --version >/dev/null
  "$work/engine/bin/dockerd" --version | sed -E 's/.*version ([0-9.]+).*/\1/' >"$work/engine/version"
  chmod -R go+rX "$work/engine"
  mv "$work/engine" "$SLIPWAY_ENGINES/$version"
}

# fetch_program WORK NAME SUITE PACKAGE PROGRAM: fetches a single program of a package.
fetch_program() {
  local work=$1 name=$2 suite=$3 package=$4 program=$5
  use_private_apt "$suite" "$work"
  apt-get update -qq
  (cd "$work" && apt-get download -qq "$package")
  mkdir -p "$work/part/bin"
  dpkg-deb --fsys-tarfile "$work"/*.deb | tar -x -O ".$program" >"$work/part/bin/${program##*/}"
  chmod +x "$work/part/bin/${program##*/}"
  dpkg-deb --field "$work"/*.deb Version | sed -E 's/^[0-9]+://; s/^([0-9.]+).*/\1/' >"$work/part/version"
  chmod -R go+rX "$work/part"
  mv "$work/part" "$SLIPWAY_ENGINES/$name"
}

# fetch_podman WORK NAME SUITE: fetches Podman with the libraries that a machine without it may lack.
fetch_podman() {
  local work=$1 name=$2 suite=$3 package
  use_private_apt "$suite" "$work"
  apt-get update -qq
  (cd "$work" && apt-get download -qq podman conmon libgpgme11 libassuan0 libsubid4)
  mkdir -p "$work/root" "$work/part"/{bin,lib}
  for package in "$work"/*.deb; do dpkg-deb --extract "$package" "$work/root"; done
  cp "$work"/root/usr/bin/{podman,conmon} "$work/part/bin/"
  find "$work/root/usr/lib" "$work/root/lib" -name '*.so.*' -exec cp --no-dereference {} "$work/part/lib/" \; || true
  LD_LIBRARY_PATH=$work/part/lib "$work/part/bin/podman" --version | sed -E 's/.* //' >"$work/part/version"
  chmod -R go+rX "$work/part"
  mv "$work/part" "$SLIPWAY_ENGINES/$name"
}

# fetch_shells WORK NAME SUITE: fetches the login shells that people have besides bash and dash.
fetch_shells() {
  local work=$1 name=$2 suite=$3 package
  use_private_apt "$suite" "$work"
  apt-get update -qq
  # zsh-static needs no modules from /usr/lib.
  (cd "$work" && apt-get download -qq zsh-static fish fish-common tcsh ksh93u+m libpcre2-32-0 libcrypt1)
  mkdir -p "$work/root" "$work/part"/{bin,lib,share,etc}
  for package in "$work"/*.deb; do dpkg-deb --extract "$package" "$work/root"; done
  cp "$work"/root/bin/{tcsh,ksh93} "$work/root/usr/bin/fish" "$work/part/bin/"
  cp "$work/root/bin/zsh-static" "$work/part/bin/zsh"
  # fish finds its own folders next to bin.
  cp -r "$work/root/usr/share/fish" "$work/part/share/"
  cp -r "$work/root/etc/fish" "$work/part/etc/"
  find "$work/root/usr/lib" "$work/root/lib" -name '*.so.*' -exec cp --no-dereference {} "$work/part/lib/" \;
  LD_LIBRARY_PATH=$work/part/lib "$work/part/bin/fish" --version | sed -E 's/.* //' >"$work/part/version"
  chmod -R go+rX "$work/part"
  mv "$work/part" "$SLIPWAY_ENGINES/$name"
}

is_ready() { [ -e "$SLIPWAY_ENGINES/$1/version" ]; }
required=(20.10 26.1 podman registry sshd)
# Tests that need these are skipped where they cannot be downloaded.
optional=(newest shells)
all_ready() {
  local part
  for part in "${required[@]}" "${optional[@]}"; do is_ready "$part" || return; done
}
# A failed download of an optional part is retried after a day, so that a machine that cannot download it does not
# wait at each setup.
failed_recently() { [ -n "$(find "$SLIPWAY_ENGINES/$1.failed" -mmin -1440 2>/dev/null)" ]; }

all_ready && exit
mkdir -p "$SLIPWAY_ENGINES"
exec {lock}>"$SLIPWAY_ENGINES/.lock"
flock $lock
rm -rf "$SLIPWAY_ENGINES"/.fetch.*

describe() {
  case $1 in
    podman) echo Podman ;;
    registry | sshd | shells) echo "the $1" ;;
    *) echo "the $1 engine" ;;
  esac
}

jobs=()
start_fetch() {
  is_ready "$1" && return
  log "fetching $(describe "$1") from Debian $2 …"
  fetch_and_report "$@" &
  jobs+=($!)
}
fetch_and_report() {
  local start=$SECONDS work fetch=fetch_engine
  case $1 in
    podman) fetch=fetch_podman ;;
    shells) fetch=fetch_shells ;;
    registry | sshd) fetch=fetch_program ;;
  esac
  work=$(mktemp -d "$SLIPWAY_ENGINES/.fetch.XXXXXX")
  # In the background, so that `set -e` applies: bash ignores it in commands before `||` and in conditions of `if`.
  $fetch "$work" "$@" >"$work/log" 2>&1 &
  wait $! || true
  if is_ready "$1"; then
    log "$(describe "$1"), $(<"$SLIPWAY_ENGINES/$1/version"), from Debian $2: $((SECONDS - start)) s"
  else
    log "$(describe "$1") failed: $(grep -m1 '^E:' "$work/log" || tail -n 1 "$work/log")"
  fi
  rm -rf "$work"
}
start_fetch 20.10 bookworm tini
start_fetch podman bookworm
start_fetch registry bookworm docker-registry /usr/bin/docker-registry
start_fetch sshd bookworm openssh-server /usr/sbin/sshd
start_fetch 26.1 trixie tini docker-cli
failed_recently newest || start_fetch newest testing tini-static docker-cli
failed_recently shells || start_fetch shells bookworm
for job in "${jobs[@]}"; do wait "$job" || true; done

for part in "${required[@]}"; do
  is_ready "$part" || { log "cannot download $(describe "$part")"; exit 1; }
done
for part in "${optional[@]}"; do
  is_ready "$part" && continue
  failed_recently "$part" || touch "$SLIPWAY_ENGINES/$part.failed"
  log "cannot download $(describe "$part"): tests that need it are skipped"
done
