#!/usr/bin/env bash
# Installs what a command needs on this machine. Prints each step with its duration, or nothing if nothing is missing.
#
#   tools/setup.sh node      npm and node_modules (which bring their own Node 24)
#   tools/setup.sh window    Chromium, and fonts with Chinese characters and emoji
#   tools/setup.sh display   a virtual display
#   tools/setup.sh world     engines, a registry, an sshd and shells for tests, unpacked in a private folder
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/world/folders.sh

log() { printf 'setup: %s\n' "$*" >&2; }

# Runs a step and prints its name and duration; prints its output only if it fails.
step() {
  local title=$1 start=$SECONDS output
  shift
  output=$(mktemp)
  log "$title …"
  if "$@" >"$output" 2>&1; then
    log "$title: $((SECONDS - start)) s"
    rm "$output"
  else
    tail -n 30 "$output" >&2
    rm "$output"
    log "$title: failed"
    return 1
  fi
}

has() { command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ]; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif has sudo; then
    sudo "$@"
  else
    log 'this needs root or sudo'
    return 1
  fi
}

# The packages to install.
packages=()
add_packages() { packages+=("$@"); }

install_packages() {
  [ ${#packages[@]} -gt 0 ] || return 0
  has apt-get || { log "this is neither Debian nor Ubuntu, so install these packages yourself: ${packages[*]}"; return 1; }
  # Ask for the password here, where the prompt is visible; the output of a step is hidden.
  [ "$(id -u)" = 0 ] || as_root true
  step 'reading the package lists' as_root apt-get update
  step "installing ${packages[*]}" as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends "${packages[@]}"
}

packages_for_node() {
  # Any version of Node can download the version that everything else uses (install_modules).
  has node || add_packages nodejs
  has npm || add_packages npm
  [ -e /etc/ssl/certs/ca-certificates.crt ] || add_packages ca-certificates
}

packages_for_window() {
  if ! has chromium && ! has google-chrome && ! has chromium-browser; then
    if grep -qs '^ID=ubuntu' /etc/os-release; then
      # Ubuntu's package installs a snap, which requires snapd and cannot read /tmp or /var/tmp.
      log 'Chromium is missing, and Ubuntu only has it as a snap, which is untested: install google-chrome (a .deb) and run this again'
      return 1
    fi
    add_packages chromium
  fi
  if ! has fc-list || [ -z "$(fc-list :lang=zh-cn family)" ]; then add_packages fontconfig fonts-noto-cjk; fi
  if ! has fc-list || [ -z "$(fc-list 'DejaVu Sans Mono' family)" ]; then add_packages fonts-dejavu-core; fi
  # The terminals show emoji that programs in containers print.
  if ! has fc-list || [ -z "$(fc-list :charset=1f433 family)" ]; then add_packages fonts-noto-color-emoji; fi
}

packages_for_display() {
  has Xvfb || add_packages xvfb
  has xauth || add_packages xauth
}

# Never install docker.io, containerd, runc or openssh-server: their packages start services or replace the installed
# Docker. tools/world/engines.sh unpacks them instead.
packages_for_world() {
  has ip || add_packages iproute2
  has unshare || add_packages util-linux
  # openssl issues the certificates of the Docker Hub stub.
  has openssl || add_packages openssl
  # ssh connects to remote engines.
  has ssh && has ssh-keygen || add_packages openssh-client
  # python3 runs the helper that changes Docker's configuration as root.
  has python3 || add_packages python3
  has dbus-daemon || add_packages dbus
  [ -x /usr/lib/polkit-1/polkitd ] || [ -x /usr/libexec/polkitd ] || add_packages polkitd
  has pkexec || add_packages pkexec
  has busybox && ! ldd "$(command -v busybox)" >/dev/null 2>&1 || add_packages busybox-static
  for library in libdevmapper.so.1.02.1:libdevmapper1.02.1 libseccomp.so.2:libseccomp2 libsystemd.so.0:libsystemd0 \
    libwrap.so.0:libwrap0; do
    compgen -G "/lib/*-linux-gnu/${library%%:*}" >/dev/null || compgen -G "/usr/lib/*-linux-gnu/${library%%:*}" >/dev/null ||
      add_packages "${library##*:}"
  done
  [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || add_packages debian-archive-keyring
}

# A Node older than 22 is only used to download a newer one, together with a matching npm: an old npm skips native
# optional dependencies of packages that require a newer Node.
bootstrap=.cache/node
fetch_node() {
  local arch
  case $(uname -m) in
    aarch64 | arm64) arch=arm64 ;;
    *) arch=x64 ;;
  esac
  npm install --no-save --no-audit --no-fund --prefix $bootstrap "node-linux-$arch@24" npm@11
}

install_modules() {
  # npm touches node_modules at each install, so changes are detected by comparing a copy of the lockfile.
  local stamp=node_modules/.slipway-lock.json path=$PATH
  cmp -s package-lock.json $stamp && [ -x node_modules/.bin/node ] && return
  if ! node -e 'process.exit(Number.parseInt(process.versions.node) >= 22 ? 0 : 1)'; then
    [ -x $bootstrap/node_modules/.bin/npm ] || step 'fetching Node 24 and npm 11' fetch_node
    path=$PWD/$bootstrap/node_modules/.bin:$path
  fi
  PATH=$path step 'npm ci' npm ci --no-audit --no-fund
  cp package-lock.json $stamp
}

for need; do
  case $need in
    node | window | display | world) "packages_for_$need" ;;
    *) log "unknown need: $need"; exit 2 ;;
  esac
done
install_packages
for need; do
  case $need in
    node) install_modules ;;
    world) tools/world/engines.sh ;;
  esac
done
