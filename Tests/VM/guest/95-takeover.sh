# guest: --cpus 4 --memory 2G
# shellcheck shell=bash
# The worker is killed, upgraded and loaded under vNodes with real limits; a changed limit shows, before and after.
. /mnt/share/guest/lib/check.sh
trap 'vnode stop resized >/dev/null 2>&1; [[ -z $daemon ]] || kill "$daemon" 2>/dev/null' EXIT
daemon=

mkdir -p /run/vnode
vnode-fs serve --log-level warning &
daemon=$!
eventually 60 yes eval '[[ -S /run/vnode/vnode-fs.sock ]] && echo yes' >/dev/null
vnode run --name resized --memory 64M --cpus 1 --keep -- true
init=$(vnode inspect resized --format json | sed -n 's/.*"initPID" *: *\([0-9]*\).*/\1/p' | head -1)
proc=/proc/$init/root/proc
cgroup=$(vnode inspect resized --format json | sed -n 's/.*"cgroup" *: *"\([^"]*\)".*/\1/p' | head -1 | sed 's|\\/|/|g')
worker() { cat "/proc/$daemon/task/$daemon/children" | xargs; }

# Prints the milliseconds until FILE has a line with TEXT, after VALUE was written to LIMIT.
shown_after() { # shown_after LIMIT VALUE FILE TEXT
    python3 - "$@" <<'PYTHON'
import sys, time
limit, value, name, text = sys.argv[1:]
open(name).read()
start = time.monotonic()
open(limit, "w").write(value)
while text not in open(name).read():
    if time.monotonic() - start > 60: sys.exit("not after a minute")
    time.sleep(0.005)
print(round((time.monotonic() - start) * 1000))
PYTHON
}
for round in before after; do
    [[ $round = before ]] || kill -9 "$(worker)"
    took=$(shown_after "$cgroup/memory.max" 128M "$proc/meminfo" " 131072 kB" 2>&1)
    echo "# $round a kill: memory.max in meminfo after $took ms"
    check_matches "$round a kill: a changed memory.max shows" '^[0-9]+$' "$took"
    took=$(shown_after "$cgroup/cpu.max" "200000 100000" "$proc/cpuinfo" "processor	: 1" 2>&1)
    echo "# $round a kill: cpu.max in cpuinfo after $took ms"
    check_matches "$round a kill: a changed cpu.max shows in cpuinfo" '^[0-9]+$' "$took"
    echo 64M >"$cgroup/memory.max"
    echo "100000 100000" >"$cgroup/cpu.max"
    check "$round a kill: the limits before are back" "1 65536" \
        "$(eventually 60 "1 65536" eval 'echo $(grep -c ^processor $proc/cpuinfo) $(field $proc/meminfo MemTotal)')"
done

# Nobody is told of a limit that changes while the worker is dead.
old=$(worker)
kill -9 "$old"
echo "300000 100000" >"$cgroup/cpu.max"
check "a limit that changes during a takeover shows" 3 "$(eventually 60 3 grep -c ^processor "$proc/cpuinfo")"
check "another worker serves" "yes" "$([[ $(worker) != "$old" ]] && echo yes)"
vnode stop resized

seconds=$(cat /mnt/share/chaos-seconds)
vnode-load chaos --seconds "$seconds" --kill-interval 2 --bin "$(dirname "$(command -v vnode-fs)")" 2>&1 | sed -u 's/^/# /'
check "chaos for $seconds s: nothing failed" "0" "${PIPESTATUS[0]}"
