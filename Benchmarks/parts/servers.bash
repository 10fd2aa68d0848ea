# shellcheck shell=bash
# The four that are measured. Each sets the root below which its proc/ and sys/ are found; empty: not there.

# shellcheck disable=SC2034,SC2154 # variables shared with run and the other parts

declare -A root=([native]=/)

start_nothing() {
    mkdir "$work/nothing"
    mounts+=("$work/nothing")
    serve nothing "$here/.build/nothing" "$work/nothing"
    wait_until -e "$work/nothing/constant" || die "the do-nothing server did not come up: $(tail -n 1 "$work/nothing.log")"
    root[nothing]=$work/nothing
}

start_lxcfs() {
    command -v lxcfs >/dev/null || { note "no lxcfs: its column stays empty" && return; }
    [ -e /run/lxcfs ] || lxcfs_made_run=1
    mkdir "$work/lxcfs"
    mounts+=("$work/lxcfs")
    serve lxcfs lxcfs -f -p "$work/lxcfs.pid" "$work/lxcfs"
    if wait_until -e "$work/lxcfs/proc/meminfo" && [ -n "$(head -n 1 "$work/lxcfs/proc/meminfo")" ]; then
        root[lxcfs]=$work/lxcfs
    else
        note "lxcfs did not come up, its column stays empty: $(tail -n 1 "$work/lxcfs.log")"
    fi
}

# A node daemon of this run's own, so that no other vNode's readers share it.
start_vnode() {
    local name=bench-$$ pid
    if [ ! -x "$bin/vnode" ] || [ ! -x "$bin/vnode-fs" ]; then
        note "no vnode and vnode-fs in $bin: their column stays empty"
        return
    fi
    serve vnode-fs "$bin/vnode-fs" serve --socket "$work/vnode.sock" --state "$work/state"
    wait_until -S "$work/vnode.sock" || die "vnode-fs did not come up: $(tail -n 1 "$work/vnode-fs.log")"
    export VNODE_SOCKET=$work/vnode.sock
    vnode_up=$name
    if ! "$bin/vnode" run --keep --name "$name" -- true </dev/null >&2; then
        vnode_up=
        die "vnode run --keep --name $name -- true failed"
    fi
    pid=$("$bin/vnode" inspect "$name" --format json | tr -d '\n' | sed -n 's/.*"initPID" *: *\([0-9][0-9]*\).*/\1/p')
    [ -n "$pid" ] || die "vnode inspect $name names no initPID"
    root[vnode]=/proc/$pid/root
}

# The file of a server for a path of /proc or /sys; the do-nothing server has one file for all.
file_of() {
    case $1 in
    nothing) echo "${root[nothing]}/constant" ;;
    native) echo "/$2" ;;
    *) echo "${root[$1]}/$2" ;;
    esac
}

# The servers that are up and have the file, in order.
servers_with() {
    local label
    for label in native nothing lxcfs vnode; do
        [ -n "${root[$label]:-}" ] || continue
        if [ -r "$(file_of "$label" "$1")" ]; then
            echo "$label"
        elif [ "$label" = vnode ]; then
            die "the vNode has no /$1"
        else
            note "no /$1 in $label"
        fi
    done
}
