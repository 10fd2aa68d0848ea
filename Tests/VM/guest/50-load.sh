# guest: --cpus 4 --memory 2G --swap 512M
# shellcheck shell=bash
# loadavg of a vNode follows its own tasks and nobody else's.
. /mnt/share/guest/lib/check.sh
trap 'vnode stop busy >/dev/null 2>&1; vnode stop idle >/dev/null 2>&1; close_all' EXIT

# From the node: a reader inside is a task of the vNode, and now and then the one that is counted.
load() { cat "/proc/$(vnode inspect "$1" --format json | sed -n 's/.*"initPID" : \([0-9]*\).*/\1/p')/root/proc/loadavg" 2>&1; }

vnode run --name idle --keep -- true
vnode run --name busy --keep -- true
check_matches "loadavg has the kernel's shape" '^[0-9]+\.[0-9]{2} [0-9]+\.[0-9]{2} [0-9]+\.[0-9]{2} [0-9]+/[0-9]+ [0-9]+$' "$(load busy)"
load idle >/dev/null
vnode exec busy -- sh -c 'while :; do :; done' &

# Views are sampled only while somebody reads them, so read both.
end=$((SECONDS + 25))
while ((SECONDS < end)); do
    busy=$(load busy | cut -d' ' -f1)
    idle=$(load idle | cut -d' ' -f1)
    awk -v load="$busy" 'BEGIN { exit !(load > 0.05) }' && break
    sleep 2
done
check_between "loadavg of the spinning vNode rises" 0.06 2 "$busy"
check_between "loadavg of the idle vNode stays" 0 0.05 "$idle"

make_cgroup spinning
open_view /tmp/view --cgroup $cgroot/spinning
check_matches "debug mount: at most the reader runs at first" ' [01]/[01] [0-9]+$' "$(cat /tmp/view/proc/loadavg)"
spawn_in $cgroot/spinning sh -c 'while :; do :; done'
for ((try = 0; try < 10; try++)); do
    sleep 2
    load=$(cut -d' ' -f1 /tmp/view/proc/loadavg)
    [[ $load == 0.00 ]] || break
done
check_between "debug mount: loadavg follows a spinning task" 0.05 2 "$load"
check_matches "debug mount: one task, running" ' 1/1 [0-9]+$' "$(cat /tmp/view/proc/loadavg)"
