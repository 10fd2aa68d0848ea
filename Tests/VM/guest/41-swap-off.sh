# guest: --cpus 2 --memory 1G
# shellcheck shell=bash
# A node without swap: no limit makes any.
. /mnt/share/guest/lib/check.sh
trap close_all EXIT

check "the node has no swap" "0" "$(field /proc/meminfo SwapTotal)"
make_cgroup swapless
echo 64M >$cgroot/swapless/memory.max
open_view /tmp/view --cgroup $cgroot/swapless
check "swap off: SwapTotal" "0" "$(field /tmp/view/proc/meminfo SwapTotal)"
check "swap off: SwapFree" "0" "$(field /tmp/view/proc/meminfo SwapFree)"
check "swap off: /proc/swaps has only its header" "1" "$(wc -l </tmp/view/proc/swaps)"
echo 32M >$cgroot/swapless/memory.swap.max
sleep 1
check "swap off: memory.swap.max makes no swap" "0" "$(field /tmp/view/proc/meminfo SwapTotal)"
check "swap off: run" "0" \
    "$(vnode run --memory 64M -- cat /proc/meminfo 2>&1 | sed -n 's/^SwapTotal: *\([0-9]*\) kB$/\1/p')"
check "2-CPU node: run --cpus 1 gives CPU 0 in every file" "$(cpu_files_like 0 0)" \
    "$(vnode run --cpus 1 -- sh -c "$cpu_files" sh / 2>&1)"
