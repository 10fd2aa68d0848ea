# shellcheck shell=bash
# Processes, mounts and the work directory of one run, and their end.

# shellcheck disable=SC2034,SC2154 # variables shared with run and the other parts

servers=()
mounts=()
lost=()
running=
readers=
vnode_up=
lxcfs_made_run=

note() { echo "bench: $*" >&2; }
die() {
    note "$@"
    exit 1
}

lost() {
    note "lost: $1"
    lost+=("$1")
}

# Runs a measurement when its part is wanted: PART, its name, COMMAND... What fails loses its own rows and no others.
part() {
    case ,$parts, in *",$1,"*) ;; *) return 0 ;; esac
    local name=$2 && shift 2
    # Not a condition of any kind, which would let it go on after an error.
    "$@" &
    running=$!
    wait "$running" || lost "$name"
    running=
}

# Starts a command in the background that ends when this shell does, however it does.
background() { setpriv --pdeathsig TERM -- "$@" & }

# Starts a server, its output kept for when it fails.
serve() {
    local log=$1 && shift
    background "$@" >"$work/$log.log" 2>&1
    servers+=($!)
}

# Waits until the test holds: at most 10 s, and no longer than the server started last lives.
wait_until() {
    local server=${servers[-1]} turn
    for ((turn = 0; turn < 200; turn++)); do
        test "$@" && return 0
        kill -0 "$server" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}

end_server() {
    local turn
    kill -TERM "$1" 2>/dev/null || return 0
    for ((turn = 0; turn < 100; turn++)); do
        kill -0 "$1" 2>/dev/null || return 0
        sleep 0.05
    done
    note "process $1 ignored SIGTERM"
    kill -KILL "$1" 2>/dev/null || true
}

clean_up() {
    local status=$? index
    trap - EXIT
    trap '' INT TERM HUP
    if [ -n "$running" ] && kill -TERM "$running" 2>/dev/null; then wait "$running" || true; fi
    if [ -n "$vnode_up" ] && ! "$bin/vnode" stop "$vnode_up" >/dev/null; then status=1; fi
    for ((index = ${#servers[@]} - 1; index >= 0; index--)); do end_server "${servers[index]}"; done
    for index in "${mounts[@]}"; do
        mountpoint -q "$index" 2>/dev/null && umount -l "$index"
    done
    [ -z "$readers" ] || rmdir "$readers" || status=1
    [ -z "$lxcfs_made_run" ] || rmdir /run/lxcfs/* /run/lxcfs 2>/dev/null || true
    rm -rf --one-file-system "$work"
    exit "$status"
}
