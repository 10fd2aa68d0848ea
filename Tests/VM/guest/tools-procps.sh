# guest: --cpus 4 --memory 2G --swap 512M
# seconds: 1200
# shellcheck shell=bash
# procps, util-linux, coreutils, iproute2, numactl and hwloc in a vNode of 1.5 CPUs and 512 MiB: 2 CPUs, 524288 kB, its own uptime.
. /mnt/share/guest/lib/check.sh
. /mnt/share/guest/lib/tools.sh
trap close_all EXIT

tool free 'free -k'
tool top 'top -b -n1 -1 -w 200'
tool ps 'ps -ef'
tool ps-times 'ps -e -o pid=,etimes=; cut -d. -f1 /proc/uptime'
tool uptime 'uptime'
tool w 'w'
tool vmstat 'vmstat 1 2; vmstat -s; vmstat -d; vmstat -D'
tool pgrep 'pgrep -c .'
tool lscpu 'lscpu'
tool lscpu-list 'lscpu -e; lscpu -p=cpu; lscpu -C'
tool lsmem 'lsmem -b'
tool lsblk 'lsblk'
tool lsns 'lsns'
tool lsipc 'lsipc'
tool findmnt 'findmnt'
tool df 'df'
tool nproc 'nproc'
tool nproc-all 'nproc --all'
tool getconf 'getconf _NPROCESSORS_ONLN; getconf _NPROCESSORS_CONF; getconf _PHYS_PAGES; getconf PAGESIZE'
tool systemd-detect-virt 'systemd-detect-virt'
tool sysctl 'sysctl -a'
tool ss 'ss -tan; ss -s'
tool ip 'ip -o addr; ip -o link; ip route; ip -s link'
tool numactl 'numactl -H'
tool numactl-show 'numactl -s'
tool numastat 'numastat; numastat -m'
tool lstopo 'lstopo-no-graphics --of console'
tool lstopo-pus 'lstopo-no-graphics --only pu'
# sockstat is closed, because it counts for the whole node.
harmless='^ss: get_sockstat: Permission denied$'
tool python 'python3 -c "import os; print(os.cpu_count()); print(len(os.sched_getaffinity(0)))"'
run_tools

value free "512 MiB" 524288 's/^Mem: +([0-9]+) .*/\1/p'
value free "the guest's swap" 524284 's/^Swap: +([0-9]+) .*/\1/p'
value top "512 MiB" 512.0 's/^MiB Mem *: *([0-9.]+) total.*/\1/p'
check "top: each of 2 CPUs" "0 1" "$(output top | grep -oE '%Cpu[0-9]+' | tr -dc '0-9\n' | xargs)"
value top "no load of the guest's" 0 's/.*load average: ([0-9]+)\.[0-9]+, .*/\1/p'
value top "only its own tasks" yes 's/^Tasks: +[0-9] total.*/yes/p'
value ps "process 1" vnode-init 's/^root +1 +0 .* ([^ ]*init)$/\1/p'
check "ps: only its own processes" "" "$(output ps | grep -E 'kthreadd|guest/|vnode-fs|kworker')"
check "ps: no process older than the vNode" "" "$(output ps-times | awk 'NF == 2 { age[$1] = $2 } NF == 1 { up = $1 }
    END { for (pid in age) if (age[pid] > up + 1) print pid, age[pid], up }')"
says uptime "up less than a minute or two" 'up [0-2] min'
says w "nobody logged in" ' 0 users?,'
value vmstat "512 MiB" 524288 's/^ *([0-9]+) K total memory/\1/p'
value lscpu "2 CPUs" 2 's/^CPU\(s\): +//p'
value lscpu "which" 0,1 's/^On-line CPU\(s\) list: +//p'
value lscpu "one NUMA node" 1 's/^NUMA node\(s\): +//p'
value lscpu "its CPUs" 0,1 's/^NUMA node0 CPU\(s\): +//p'
value lscpu "a cache" yes 's/^L1d( cache)?: .*/yes/p'
value lscpu-list "a line for each of 2 CPUs" "0 1" 's/^ +([01]) .*(yes|-) *$/\1/p'
value lsmem "512 MiB in all" 536870912 's/^Total online memory: +//p'
value getconf "CPUs online" 2 '1p'
value systemd-detect-virt "an answer" yes 's/^[a-z0-9-]+$/yes/p'
check "findmnt: nothing of the guest's disks" "" "$(output findmnt | grep -E '/mnt/(share|out)|/run/guest')"
check "sysctl: nothing of the guest's" "" "$(output sysctl | grep -E '^kernel\.(hostname = guest$|core_pattern = \||random\.boot_id = '"$(</proc/sys/kernel/random/boot_id)"')')"
value sysctl "its own hostname" tools 's/^kernel\.hostname = //p'
keys="fs.file-max fs.file-nr fs.nr_open fs.inotify.max_user_watches kernel.msgmax kernel.osrelease kernel.pid_max kernel.random.boot_id
    kernel.sem kernel.shmmax kernel.threads-max net.core.somaxconn net.ipv4.ip_forward net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies
    vm.max_map_count vm.overcommit_memory vm.swappiness"
check "sysctl: has the keys that programs look for" "" "$(
    comm -23 <(xargs -n1 <<<"$keys" | sort) <(output sysctl | sed -nE 's/^([^ ]+) = .*/\1/p' | sort) | xargs)"
check "ip: loopback alone" lo "$(output ip | sed -nE 's/^[0-9]+: ([a-z0-9]+)[:@ ].*/\1/p' | sort -u)"
value numactl "one node" "1 nodes (0)" 's/^available: //p'
value numactl "its CPUs" "0 1" 's/^node 0 cpus: //p'
value numactl "512 MiB" yes 's/^node 0 size: 51[12] MB/yes/p'
value numastat "512 MiB" "512.00 512.00" 's/^MemTotal +//p'
value lstopo "512 MiB" yes 's/^Machine \((512MB|[^)]*512MB total).*/yes/p'
check "lstopo: 2 CPUs" 2 "$(output lstopo-pus | grep -c '^PU')"
value python "os.cpu_count" 2 '1p'
# From system calls.
value nproc "2 CPUs" 2 p
value nproc-all "cpu/possible, which stays the guest's" 4 p
value getconf "512 MiB in pages" 131072 3p
value python "os.sched_getaffinity" 2 2p
value numactl-show "its CPUs" "0 1" 's/^physcpubind: //p'
rm -rf $tools
