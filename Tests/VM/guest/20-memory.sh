# guest: --cpus 4 --memory 2G --swap 512M
# shellcheck shell=bash
# memory.max, nested and changing, in meminfo.
. /mnt/share/guest/lib/check.sh
trap close_all EXIT

check "run --memory 64M gives MemTotal" "65536" \
    "$(vnode run --memory 64M -- cat /proc/meminfo 2>&1 | sed -n 's/^MemTotal: *\([0-9]*\) kB$/\1/p')"
check "run without --memory gives the node's MemTotal" "$(field /proc/meminfo MemTotal)" \
    "$(vnode run -- cat /proc/meminfo 2>&1 | sed -n 's/^MemTotal: *\([0-9]*\) kB$/\1/p')"

make_cgroup limited
echo 64M >$cgroot/limited/memory.max
open_view /tmp/view --cgroup $cgroot/limited
check "mount --cgroup with memory.max 64M gives MemTotal" "65536" "$(field /tmp/view/proc/meminfo MemTotal)"
echo 128M >$cgroot/limited/memory.max
check "memory.max 128M on the fly shows" "131072" \
    "$(eventually 60 131072 field /tmp/view/proc/meminfo MemTotal)"

before=$(field /tmp/view/proc/meminfo MemFree)
spawn_in $cgroot/limited python3 -c 'import time; a = bytearray(b"x") * (48 << 20); time.sleep(600)'
for ((try = 0; try < 600; try++)); do
    (($(<$cgroot/limited/memory.current) < 48 << 20)) || break
    sleep 0.1
done
sleep 1
after=$(field /tmp/view/proc/meminfo MemFree)
# And an interpreter, which is bigger in newer suites.
check_between "48 MiB eaten lower MemFree by about as much (kB)" 47000 70000 $((before - after))
available=$(field /tmp/view/proc/meminfo MemAvailable)
check_between "MemAvailable is between MemFree and MemTotal" "$after" 131072 "$available"

chain=limits/500M/600M/max/400M/max/900M
make_cgroup $chain
dir=$cgroot/limits
for limit in 500M 600M max 400M max 900M; do
    dir=$dir/$limit
    echo "$limit" >"$dir/memory.max"
done
open_view /tmp/nested --cgroup $cgroot/$chain
check "nested limits 500/600/max/400/max/900 MiB give 400 MiB" "409600" "$(field /tmp/nested/proc/meminfo MemTotal)"

# The eater runs inside the vNode, and meminfo is read inside it too.
check "a process eating memory inside a vNode moves MemFree" "moved" "$(vnode run --memory 256M -- sh -c '
    free() { sed -n "s/^MemFree: *\([0-9]*\).*/\1/p" /proc/meminfo; }
    before=$(free)
    # Looked at when all of it is there, or too much would not be seen.
    python3 -c "import time; a = bytearray(b\"x\") * (96 << 20); open(\"/tmp/eaten\", \"w\"); time.sleep(600)" &
    try=0 moved=0
    while [ $try -lt 120 ] && [ $moved -le 90000 ]; do
        sleep 0.5
        [ ! -e /tmp/eaten ] || moved=$((before - $(free)))
        try=$((try + 1))
    done
    kill $!
    if [ $moved -gt 90000 ] && [ $moved -lt 125000 ]; then echo moved; else echo "moved by $moved kB"; fi' 2>&1)"
