# guest: --cpus 4 --memory 2G --swap 512M
# shellcheck shell=bash
# Two vNodes at once see neither each other's processes nor the guest's.
. /mnt/share/guest/lib/check.sh
trap 'vnode stop one >/dev/null 2>&1; vnode stop two >/dev/null 2>&1; close_all' EXIT

vnode run --name one --hostname alpha --memory 64M --keep -- true
vnode run --name two --hostname beta --memory 96M --keep -- true
vnode exec one -- sleep 1111 &
vnode exec two -- sleep 2222 &
sleep 2
seen() { vnode exec "$1" -- ps -e -o args= 2>&1 | grep -o '^sleep [0-9]*' | sort | xargs; }
check "vNode one sees its own process only" "sleep 1111" "$(eventually 60 "sleep 1111" seen one)"
check "vNode two sees its own process only" "sleep 2222" "$(eventually 60 "sleep 2222" seen two)"
check "no kernel thread or guest init in sight" "0" "$(vnode exec one -- ps -e -o args= 2>&1 | grep -c -e kthreadd -e guest/ -e vnode-fs)"
check "each has its own limit" "65536 98304" "$(
    for name in one two; do vnode exec $name -- sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo 2>&1; done | xargs
)"
check "each has its own hostname" "alpha beta" "$(for name in one two; do vnode exec $name -- uname -n 2>&1; done | xargs)"
check_matches "list names both" 'one.*two|two.*one' "$(vnode list --format json 2>&1 | tr -d '\n')"
check_matches "inspect prints JSON about the named one" '^\{.*"one"' "$(vnode inspect one --format json 2>&1 | tr -d '\n')"

for try in "umount /proc/meminfo" "mount -t proc proc /mnt" "mount -t sysfs sysfs /mnt" "unshare --pid --fork --mount-proc cat /proc/meminfo"; do
    limited=$(vnode exec one -- sh -c "$try >/dev/null 2>&1; sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo" 2>&1)
    check "after '$try' MemTotal is still the vNode's" "65536" "$limited"
done
uptime=$(vnode run -- cut -d. -f1 /proc/uptime 2>&1)
check_between "uptime of a new vNode is near zero" 0 20 "$uptime"
check "exit status is the command's" "7" "$(vnode run -- sh -c 'exit 7' >/dev/null 2>&1; echo $?)"
check "stop one" "0" "$(vnode stop one >/dev/null 2>&1; echo $?)"
check "stop two" "0" "$(vnode stop two >/dev/null 2>&1; echo $?)"
