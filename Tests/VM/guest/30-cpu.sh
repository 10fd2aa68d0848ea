# guest: --cpus 4 --memory 2G --swap 512M
# shellcheck shell=bash
# cpu.max and cpusets: every file, nproc and taskset tell the same CPUs.
. /mnt/share/guest/lib/check.sh
trap close_all EXIT

two=$(cpu_files_like "0 1" 0-1)
one=$(cpu_files_like "1" 1)

check "run --cpus 1.5 on 4 CPUs gives 2 CPUs in every file" "$two" "$(vnode run --cpus 1.5 -- sh -c "$cpu_files" sh / 2>&1)"
check "run --cpuset 1 gives CPU 1 in every file" "$one" "$(vnode run --cpuset 1 -- sh -c "$cpu_files" sh / 2>&1)"
check "run --cpuset 1: nproc" "1" "$(vnode run --cpuset 1 -- nproc 2>&1)"
check_matches "run --cpuset 1: taskset" ': 1$' "$(vnode run --cpuset 1 -- sh -c 'taskset -cp $$' 2>&1)"
check "run without limits gives the node's CPUs" "$(cpu_files_of /)" "$(vnode run -- sh -c "$cpu_files" sh / 2>&1)"

make_cgroup quota
open_view /tmp/view --cgroup $cgroot/quota
check "no limit: all 4 CPUs" "$(cpu_files_like "0 1 2 3" 0-3)" "$(cpu_files_of /tmp/view)"
echo 150000 100000 >$cgroot/quota/cpu.max
check "cpu.max 150% on the fly gives 2 CPUs" "$two" "$(eventually 60 "$two" cpu_files_of /tmp/view)"
echo 1 >$cgroot/quota/cpuset.cpus
check "cpuset 1 on the fly gives CPU 1" "$one" "$(eventually 60 "$one" cpu_files_of /tmp/view)"
echo max >$cgroot/quota/cpu.max
echo 1,3 >$cgroot/quota/cpuset.cpus
sparse=$(cpu_files_like "1 3" 1,3)
check "cpuset 1,3 keeps the kernel's ids" "$sparse" "$(eventually 60 "$sparse" cpu_files_of /tmp/view)"
check "possible stays the node's" "$(</sys/devices/system/cpu/possible)" "$(cat /tmp/view/sys/devices/system/cpu/possible)"
check "kernel_max stays the node's" "$(</sys/devices/system/cpu/kernel_max)" "$(cat /tmp/view/sys/devices/system/cpu/kernel_max)"
check "the sum line of stat has the kernel's columns" "11" "$(awk '/^cpu / { print NF }' /tmp/view/proc/stat)"
