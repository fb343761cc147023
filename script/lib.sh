# Shared by the scripts: what is missing is installed, once, by the system's package manager.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '\n\033[1m%s\033[0m  (after %d s)\n' "$*" "$SECONDS" >&2; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
  echo "this needs an administrator: $*" >&2; exit 1; fi; }

apt_updated=
install_packages() {
  command -v apt-get >/dev/null || { echo "please install: $*" >&2; exit 1; }
  say "Installing $*"
  if [ -z "$apt_updated" ]; then as_root apt-get update -qq; apt_updated=yes; fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# A C compiler and make, for the crates that build C.
need_compiler() { command -v cc >/dev/null || install_packages gcc libc6-dev; }

need_rust() {
  command -v cargo >/dev/null && return
  [ -r "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"
  command -v cargo >/dev/null || { echo "please install Rust 1.95 or newer with rustup (rustup.rs), then try again" >&2; exit 1; }
}

has_postgres() {
  [ -n "${THROUGHLINE_PG_BIN:-}" ] && return 0
  command -v postgres >/dev/null && return 0
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null && return 0
  compgen -G '/opt/homebrew/opt/postgresql@*/bin/postgres' >/dev/null
}

need_postgres() {
  has_postgres && return
  if command -v brew >/dev/null; then brew install postgresql@17; return; fi
  # Debian would start a server of its own on installing; ours is private and needs none.
  if [ -d /etc ] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    as_root mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  install_packages postgresql
}

need_node() { command -v node >/dev/null && command -v npm >/dev/null || install_packages nodejs npm; }

need_chromium() { [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || install_packages chromium fonts-inter; }

need_python_venv() { python3 -c 'import venv, ensurepip' 2>/dev/null || install_packages python3-venv; }

# Where throw-away databases lie: TMPDIR when that is set, else memory where there are three gigabytes of it, else the disk. Making and
# removing thousands of small files is most of what a disk would do for them.
room() {
  [ -n "${TMPDIR:-}" ] && { echo "$TMPDIR"; return; }
  free=$(df --output=avail --block-size=1M /dev/shm 2>/dev/null | tail -n 1) || free=0
  if [ "${free:-0}" -ge 3072 ]; then echo /dev/shm; else echo /tmp; fi
}
