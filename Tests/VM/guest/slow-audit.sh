# guest: --cpus 4 --memory 2G --swap 512M
# seconds: 1500
# shellcheck shell=bash
# What vNodes with limits tell of the node, and of each other; and what other containers do.
. /mnt/share/guest/lib/check.sh
work=/tmp/audit
vnodes=()
stop_all() {
    ((${#vnodes[@]} == 0)) || vnode stop "${vnodes[@]}" >/dev/null 2>&1
    [[ -z ${lxcfs:-} ]] || kill "$lxcfs"
    ip link del vm0
    modprobe -ra ip_vs nf_conntrack nf_defrag_ipv6 nf_defrag_ipv4
    close_all
}
trap stop_all EXIT
mkdir -p $work

# A network of the guest's own, with addresses and traffic, as a node has: two that never sent a packet say the same.
ip link add vm0 type veth peer name vm1
ip addr add 192.0.2.1/24 dev vm0
ip -6 addr add 2001:db8::1/64 dev vm0
ip link set vm0 up
ip link set vm1 up
ip link set lo up
for address in 192.0.2.1 127.0.0.1 ::1; do busybox ping -c 2 $address >/dev/null; done

keep() { # keep NAME OPTIONS...
    vnode run --name "$1" --keep "${@:2}" -- true && vnodes+=("$1")
}
# audit NAME ARGUMENTS...: the report is in $work/NAME.json, the exit status in status
audit() {
    local name=$1 started=$SECONDS
    shift
    vnode-fs audit --format json "$@" >"$work/$name.json" 2>"$work/$name.err"
    status=$?
    ((status < 2)) || cat "$work/$name.err"
    of "$name" '"\n".join(f["kind"] + " " + f["path"] + ": " + f.get("evidence", "") for f in report["findings"][:30])'
    echo "$name: $(counts "$name"), status $status, $((SECONDS - started)) s"
}
# of NAME EXPRESSION: what python prints of the report
of() { python3 -c "import json, sys; report = json.load(open(sys.argv[1])); print($2)" "$work/$1.json"; }
findings() { of "$1" '"\n".join(sorted({f["kind"] + " " + f["path"] for f in report["findings"]}))'; }
counts() { of "$1" 'str(len({f["path"] for f in report["findings"]})) + " paths, " + str(report["counts"])'; }
first_process() { sed -n 's/.*"initPID" *: *\([0-9]*\).*/\1/p' < <(vnode inspect "$1" --format json); }

# What nodes of a cluster have loaded.
modprobe -a nf_conntrack ip_vs

keep one --memory 300M --cpus 1.5
keep two --memory 300M --cpus 1.5
audit outer --vnode one
check "a vNode tells of the node what is documented" "" "$(findings outer)"
check "and the audit says so" 0 $status
check_matches "with the exceptions by name" 'buddyinfo.*possible CPUs' "$(of outer '" ".join(sorted({f["exception"] for f in report["exceptions"]}))')"
vnode exec one -- sleep 1003 &
for ((try = 0; try < 300; try++)); do inner=$(pgrep -xf 'sleep 1003') && break; sleep 0.2; done
audit inner --pid "${inner%%[[:space:]]*}"
check "an inner container neither" "" "$(findings inner)"
audit pair --vnode one --against two
check "two vNodes do not tell of each other" "" "$(findings pair)"
# Sessions, processes, memory, files, sockets, locks: all that moves on a machine.
vnode exec two -- sh -c 'while :; do
    setsid sh -c "head -c 20000000 /dev/zero | tail -c 1 >/tmp/x; cat /tmp/x >/dev/null"
    flock /tmp/lock busybox wget -q -T 1 -O /dev/null http://127.0.0.1:1/
    busybox ping -c 1 127.0.0.1
done' >/dev/null 2>&1 &
busy=$!
audit busy --vnode one --against two
check "nor when the other one is busy" "" "$(findings busy)"
vnode stop --timeout 1 two >/dev/null
wait $busy
vnodes=(one)
check "none of the two knows the other's name" "" "$(
    vnode exec one -- sh -c 'grep -rls "two" /proc/mounts /proc/cmdline /proc/swaps /proc/diskstats /proc/sys/kernel 2>/dev/null')"

container() { # container NAME MOUNT...: as runc makes them, with further binds; its first process
    local name=$1 bundle=$work/$1
    shift
    mkdir -p "$bundle"/rootfs/{usr,proc,sys,dev,etc,tmp}
    ln -sfn usr/bin "$bundle/rootfs/bin"
    ln -sfn usr/lib "$bundle/rootfs/lib"
    ln -sfn usr/lib64 "$bundle/rootfs/lib64"
    (cd "$bundle" && runc spec)
    python3 - "$bundle/config.json" "$@" <<'END'
import json, sys
path, *binds = sys.argv[1:]
spec = json.load(open(path))
spec["process"].update(terminal=False, args=["sleep", "1005"])
spec["mounts"].append({"destination": "/usr", "type": "bind", "source": "/usr", "options": ["rbind", "ro"]})
for bind in binds:
    source, target = bind.split(":")
    spec["mounts"].append({"destination": target, "type": "bind", "source": source, "options": ["rbind"]})
json.dump(spec, open(path, "w"))
END
    runc run --detach --bundle "$bundle" "$name" >/dev/null 2>"$bundle/err" </dev/null || cat "$bundle/err" >&2
    runc state "$name" | sed -n 's/.*"pid": \([0-9]*\).*/\1/p'
}
audit runc --report containerleaks --pid "$(container plain)"
check_between "a plain container tells much" 500 100000 "$(of runc 'len(report["findings"])')"
check_between "by many channels of the paper" 10 21 "$(of runc 'sum(line["leaking"] > 0 for line in report["containerleaks"])')"
runc delete --force plain

if [[ -n $(type -P lxcfs) ]]; then
    files=$work/files
    mkdir -p $files
    lxcfs -l $files >$work/lxcfs.log 2>&1 &
    lxcfs=$!
    eventually 60 yes sh -c "test -e $files/proc/meminfo && echo yes" >/dev/null
    binds=()
    for file in cpuinfo diskstats loadavg meminfo stat swaps uptime; do binds+=("$files/proc/$file:/proc/$file"); done
    audit lxcfs --pid "$(container lxcfs "${binds[@]}" "$files/sys/devices/system/cpu:/sys/devices/system/cpu")"
    runc delete --force lxcfs
    # It mounts the hierarchy for itself, without the option.
    mount -o remount,nsdelegate /sys/fs/cgroup
fi
