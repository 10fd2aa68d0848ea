# guest: --cpus 4 --memory 2G --numa 2
# seconds: 1500
# shellcheck shell=bash
# The tree of /sys with real controllers: NUMA nodes, memory blocks and disks follow cpusets, limits and use.
. /mnt/share/guest/lib/check.sh
trap close_all EXIT

node=sys/devices/system/node
sums() { # MemTotal of meminfo, and of the nodes together
    field /tmp/view/proc/meminfo MemTotal
    cat /tmp/view/$node/node*/meminfo | awk '/MemTotal/ { sum += $4 } END { print sum }'
}
nodes() { (cd /tmp/view/$node && echo "$(echo node[0-9]*): $(cat online has_memory node*/cpulist | xargs)"); }

make_cgroup sys
open_view /tmp/view --cgroup $cgroot/sys
check "both nodes with their CPUs" "node0 node1: 0-1 0-1 0-1 2-3" "$(nodes)"
check "distances are the node's" "$(cat /$node/node*/distance)" "$(cat /tmp/view/$node/node*/distance)"
read -r total sum < <(sums | xargs)
check "MemTotal is the sum of the nodes'" "$total" "$sum"

before=$(stat -c %y /tmp/view/$node)
echo 2-3 >$cgroot/sys/cpuset.cpus
check "a cpuset in one node shows that node" "node1: 1 1 2-3" "$(eventually 60 "node1: 1 1 2-3" nodes)"
check "and node0 is gone" "no" "$(cat /tmp/view/$node/node0/cpulist >/dev/null 2>&1 && echo yes || echo no)"
check "a directory that lists other nodes has another time" "another" "$([[ $(stat -c %y /tmp/view/$node) == "$before" ]] || echo another)"
# A listing that is under way when the cpuset changes is put into the kernel's cache after that.
listers=()
for _ in 1 2 3; do
    while :; do ls /tmp/view/$node >/dev/null; done &
    listers+=($!)
done
stale=
for turn in $(seq 8); do
    echo 0-3 >$cgroot/sys/cpuset.cpus
    [[ $(eventually 60 "node0 node1: 0-1 0-1 0-1 2-3" nodes) == "node0 node1: 0-1 0-1 0-1 2-3" ]] || stale+=" $turn"
    echo 2-3 >$cgroot/sys/cpuset.cpus
    [[ $(eventually 60 "node1: 1 1 2-3" nodes) == "node1: 1 1 2-3" ]] || stale+=" $turn"
done
kill "${listers[@]}"
check "changes while others list are shown by every listing" "" "$stale"
echo 0-3 >$cgroot/sys/cpuset.cpus
echo 1 >$cgroot/sys/cpuset.mems
check "memory is where cpuset.mems allows" "node0 node1: 0-1 1 0-1 2-3" "$(eventually 60 "node0 node1: 0-1 1 0-1 2-3" nodes)"

blocks() { (cd /tmp/view/sys/devices/system/memory && echo memory[0-9]*); }
echo 200M >$cgroot/sys/memory.max
check "200 MiB are two blocks of memory" "memory0 memory1" "$(eventually 60 "memory0 memory1" blocks)"
check "MemTotal is the sum still" "204800 204800" "$(eventually 60 "204800 204800" eval 'sums | xargs')"

check "no disk before there is one" "" "$(ls /tmp/view/sys/block /tmp/view/sys/dev/block /tmp/view/sys/devices/virtual/block 2>&1 | grep -v : | xargs)"
disk=$(lsblk -dno NAME | head -n 1)
if [[ -n $disk ]]; then
    spawn_in $cgroot/sys dd if="/dev/$disk" of=/dev/null bs=64k count=16 iflag=direct status=none
    wait $!
    used() { awk '{ print $3 }' /tmp/view/proc/diskstats | xargs; }
    listed() { (cd /tmp/view/sys/block && echo *); }
    check "a disk that was used is in diskstats" "$disk" "$(eventually 60 "$disk" used)"
    check "and in /sys/block" "$disk" "$(eventually 60 "$disk" listed)"
    check "its symlink leads to it" "../devices/virtual/block/$disk" "$(readlink "/tmp/view/sys/block/$disk")"
    check "its number too" "$(<"/sys/block/$disk/dev")" "$(cat "/tmp/view/sys/block/$disk/dev")"
    check "its stat is the line of diskstats" "$(awk '{ $1 = $2 = $3 = ""; print }' /tmp/view/proc/diskstats | xargs)" \
        "$(xargs <"/tmp/view/sys/class/block/$disk/stat")"
    # Attributes of it hold for a second.
    check "one more link for the one directory" "3" "$(eventually 60 3 stat -c %h /tmp/view/sys/devices/virtual/block)"
fi

for tool in lscpu lsmem lsblk; do
    check "$tool in a vNode of 300 MiB has no complaint" "" "$(vnode run --cpus 1.5 --memory 300M -- $tool 2>&1 >/dev/null)"
done
check "lsmem shows the limit in blocks" "384M" "$(vnode run --memory 300M -- lsmem --summary=only 2>&1 | awk '/online memory/ { print $NF }')"
