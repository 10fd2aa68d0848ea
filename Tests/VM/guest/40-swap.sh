# guest: --cpus 4 --memory 2G --swap 512M
# shellcheck shell=bash
# memory.swap.max in meminfo and swaps, on a node with swap.
. /mnt/share/guest/lib/check.sh
trap close_all EXIT

swaps_total() { awk 'NR > 1 { sum += $3 } END { print sum + 0 }' "$1/proc/swaps"; }

make_cgroup swapping
echo 64M >$cgroot/swapping/memory.max
echo 32M >$cgroot/swapping/memory.swap.max
open_view /tmp/view --cgroup $cgroot/swapping
check "memory.swap.max 32M gives SwapTotal" "32768" "$(field /tmp/view/proc/meminfo SwapTotal)"
check "memory.swap.max 32M in /proc/swaps" "32768" "$(swaps_total /tmp/view)"
check "swaps has the kernel's header" "$(head -n1 /proc/swaps)" "$(head -n1 /tmp/view/proc/swaps)"

spawn_in $cgroot/swapping python3 -c 'import time; a = bytearray(b"x") * (80 << 20); time.sleep(600)'
for ((try = 0; try < 600; try++)); do
    (($(<$cgroot/swapping/memory.swap.current) < 12 << 20)) || break
    sleep 0.1
done
# What moves meanwhile cannot be compared.
last=
for ((try = 0; try < 60; try++)); do
    used=$(($(<$cgroot/swapping/memory.swap.current) / 1024))
    [[ $used != "$last" ]] || break
    last=$used
    sleep 1
done
free=$(field /tmp/view/proc/meminfo SwapFree)
check_between "swapped-out memory lowers SwapFree (kB)" $((32768 - used - 2048)) $((32768 - used + 2048)) "$free"

left() {
    local total
    total=$(field /tmp/view/proc/meminfo SwapTotal)
    if ((total <= used + 2048)); then echo yes; else echo "$total"; fi
}
echo 0 >$cgroot/swapping/memory.swap.max 2>/dev/null
check "memory.swap.max 0 gives SwapTotal 0 or what is still in use" "yes" "$(eventually 60 yes left)"

check "run --memory 64M --swap 16M gives SwapTotal" "16384" \
    "$(vnode run --memory 64M --swap 16M -- cat /proc/meminfo 2>&1 | sed -n 's/^SwapTotal: *\([0-9]*\) kB$/\1/p')"
check "run --swap 16M in /proc/swaps" "16384" "$(vnode run --memory 64M --swap 16M -- awk 'NR > 1 { sum += $3 } END { print sum + 0 }' /proc/swaps 2>&1)"
check "run --swap 0 gives SwapTotal 0 and no swaps line" "0 1" \
    "$(vnode run --memory 64M --swap 0 -- sh -c 'echo $(sed -n "s/^SwapTotal: *\([0-9]*\).*/\1/p" /proc/meminfo) $(wc -l </proc/swaps)' 2>&1)"
