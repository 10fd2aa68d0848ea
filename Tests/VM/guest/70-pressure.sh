# guest: --cpus 4 --memory 2G --swap 512M
# shellcheck shell=bash
# The pressure files have the kernel's shape and the cgroup's numbers.
. /mnt/share/guest/lib/check.sh
trap close_all EXIT

shape='^some avg10=[0-9]+\.[0-9]{2} avg60=[0-9]+\.[0-9]{2} avg300=[0-9]+\.[0-9]{2} total=[0-9]+ full avg10=[0-9]+\.[0-9]{2} avg60=[0-9]+\.[0-9]{2} avg300=[0-9]+\.[0-9]{2} total=[0-9]+$'
make_cgroup pressed
echo 20000 100000 >$cgroot/pressed/cpu.max
open_view /tmp/view --cgroup $cgroot/pressed
for name in cpu memory io; do
    check_matches "kernel's own pressure/$name" "$shape" "$(xargs </proc/pressure/$name)"
    check_matches "pressure/$name of a debug mount" "$shape" "$(xargs </tmp/view/proc/pressure/$name)"
    check_matches "pressure/$name in a vNode" "$shape" "$(vnode run -- cat /proc/pressure/$name 2>&1 | xargs)"
done

total() { sed -n 's/^some.*total=//p' "$1"; }
for _ in 1 2 3; do spawn_in $cgroot/pressed sh -c 'while :; do :; done'; done
sleep 5
low=$(total $cgroot/pressed/cpu.pressure)
sleep 0.5
shown=$(total /tmp/view/proc/pressure/cpu)
sleep 0.5
check_between "pressure/cpu is the cgroup's cpu.pressure" "$low" "$(total $cgroot/pressed/cpu.pressure)" "$shown"
before=$(awk '/^cpu / { print $9 }' /tmp/view/proc/stat)
sleep 3
check_between "throttled time shows as steal (ticks)" 1 100000 $(($(awk '/^cpu / { print $9 }' /tmp/view/proc/stat) - before))
