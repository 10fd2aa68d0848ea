# shellcheck shell=bash
# The four that are measured. Each sets the root below which its proc/ and sys/ are found; empty: not there.

# shellcheck disable=SC2034,SC2154 # variables shared with run and the other parts

declare -A root=([native]=/)

start_nothing() {
    mkdir "$work/nothing"
    mounts+=("$work/nothing")
    serve nothing "$here/.build/nothing" "$work/nothing"
    wait_until -e "$work/nothing/constant" || { note "the do-nothing server: $(tail -n 1 "$work/nothing.log")" && return 1; }
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
        note "lxcfs: $(tail -n 1 "$work/lxcfs.log")"
        return 1
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
    wait_until -S "$work/vnode.sock" || { note "vnode-fs: $(tail -n 1 "$work/vnode-fs.log")" && return 1; }
    export VNODE_SOCKET=$work/vnode.sock VNODE_STATE=$work/vnodes
    vnode_up=$name
    if ! "$bin/vnode" run --keep --name "$name" "${limits[@]}" -- true </dev/null >&2; then
        vnode_up=
        return 1
    fi
    pid=$(init_of "$name")
    [ -n "$pid" ] || { note "vnode inspect $name names no initPID" && return 1; }
    root[vnode]=/proc/$pid/root
}

# Where limits are measured readers have the same: lxcfs answers with those of the caller's cgroup.
limit_readers() {
    [ ${#limits[@]} != 0 ] || return 0
    readers=/sys/fs/cgroup/bench-$$
    mkdir "$readers"
    echo 512M >"$readers/memory.max"
    echo "150000 100000" >"$readers/cpu.max"
}

# The first process of a vNode.
init_of() { "$bin/vnode" inspect "$1" --format json | tr -d '\n' | sed -n 's/.*"initPID" *: *\([0-9][0-9]*\).*/\1/p'; }

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
