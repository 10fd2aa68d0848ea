# guest: --cpus 4 --memory 2G --swap 512M
# shellcheck shell=bash
# A cgroup that goes away under a view: the last good answer or ENODEV, never the node's data.
. /mnt/share/guest/lib/check.sh
trap close_all EXIT

make_cgroup leaving
echo 64M >$cgroot/leaving/memory.max
echo 100000 100000 >$cgroot/leaving/cpu.max
open_view /tmp/view --cgroup $cgroot/leaving
check "before: MemTotal" "65536" "$(field /tmp/view/proc/meminfo MemTotal)"
rmdir $cgroot/leaving

answer() { # answer FILE SED-SCRIPT: what is read, or the error
    local text
    if text=$(cat "$1" 2>&1); then sed -n "$2" <<<"$text" | xargs; else echo "${text##*: }"; fi
}
for delay in 0 2; do
    sleep $delay
    check_matches "meminfo $delay s after the removal" '^(65536|No such device)$' \
        "$(answer /tmp/view/proc/meminfo 's/^MemTotal: *\([0-9]*\).*/\1/p')"
    check_matches "cpuinfo $delay s after the removal" '^(0|No such device)$' \
        "$(answer /tmp/view/proc/cpuinfo 's/^processor[[:space:]]*: //p')"
    check_matches "cpu/online $delay s after the removal" '^(0|No such device)$' \
        "$(answer /tmp/view/sys/devices/system/cpu/online p)"
done
pid=${view_pids[0]}
kill -TERM "$pid"
wait "$pid"
check "SIGTERM ends the debug mount with status 0" "0" "$?"
check "and leaves no mount" "0" "$(grep -c /tmp/view /proc/self/mountinfo)"
view_pids=()

make_cgroup killed
open_view /tmp/killed --cgroup $cgroot/killed
kill -KILL "${view_pids[0]}"
wait "${view_pids[0]}" 2>/dev/null
view_pids=()
gone() { grep -c /tmp/killed /proc/self/mountinfo; }
check "a killed debug mount leaves no mount" "0" "$(eventually 60 0 gone)"
