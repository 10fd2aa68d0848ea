# guest: --cpus 2 --memory 1G
# shellcheck shell=bash
# Sysctls are written inside, and nothing of the guest's is.
. /mnt/share/guest/lib/check.sh
trap 'vnode stop one >/dev/null 2>&1; vnode stop two >/dev/null 2>&1; close_all' EXIT

node_sysctls() { # all that do not move by themselves
    find /proc/sys -type f -readable ! -path '*/quota/*' ! -path '*/conf/*' ! -path '*/neigh/*' ! -name '*-nr' ! -name '*-state' \
        ! -name ns_last_pid ! -name uuid ! -name entropy_avail ! -name nr ! -name stat_refresh ! -name nf_conntrack_count \
        -exec grep -aHs . {} + | sort
}
node_sysctls >/tmp/before
vnode run --name one --keep -- true
vnode run --name two --keep -- true
inside() { vnode exec "$1" -- sh -c "$2" 2>&1 | xargs; }

check "values are kept" "4000 10 3 4 1 3" "$(inside one '
    echo 4000 >/proc/sys/kernel/pid_max; echo 10 >/proc/sys/vm/swappiness; echo 3 4 1 3 >/proc/sys/kernel/printk
    cat /proc/sys/kernel/pid_max /proc/sys/vm/swappiness /proc/sys/kernel/printk')"
check "by one vNode, for its next container" "4000 10" "$(inside one 'cat /proc/sys/kernel/pid_max /proc/sys/vm/swappiness')"
check "not by another" "4194304 60" "$(inside two 'cat /proc/sys/kernel/pid_max /proc/sys/vm/swappiness')"
check "hostname and domainname are the uts namespace's" "renamed renamed d.example third" "$(inside one '
    echo renamed >/proc/sys/kernel/hostname; echo d.example >/proc/sys/kernel/domainname
    hostname; cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname; hostname third; cat /proc/sys/kernel/hostname')"
check "IPC limits are the ipc namespace's" "1048576 100 50 250 32000 32 128 1048576" "$(inside one '
    echo 1048576 >/proc/sys/kernel/shmmax; echo 100 50 >/proc/sys/kernel/sem; echo 50 >/proc/sys/fs/mqueue/msg_max
    cat /proc/sys/kernel/shmmax
    cut -f1 /proc/sys/kernel/sem; cat /proc/sys/fs/mqueue/msg_max
    echo 250 32000 32 128 >/proc/sys/kernel/sem; cat /proc/sys/kernel/sem; ipcs -lm | sed -n "s/^max seg size (kbytes) = 1024\$/1048576/p"')"
check "an ipc namespace made inside is the one that is meant" "18446744073692774399 5000 1048576" "$(inside one '
    unshare --ipc sh -c "cat /proc/sys/kernel/shmmax; echo 5000 >/proc/sys/kernel/shmmax; cat /proc/sys/kernel/shmmax"
    cat /proc/sys/kernel/shmmax')"
check "what is dangerous is refused" "" "$(inside one '
    for f in kernel/core_pattern kernel/modprobe kernel/sysrq vm/drop_caches kernel/poweroff_cmd kernel/kexec_load_disabled; do
        (echo 1 >/proc/sys/$f) 2>/dev/null && echo $f
    done')"
check "bad values are refused" "" "$(inside one '
    for v in "" x 1x 0x 08 4294967296 "-1"; do (echo "$v" >/proc/sys/vm/max_map_count) 2>/dev/null && echo "$v"; done')"
check "net.core is there" "4096 333" "$(inside one '
    cat /proc/sys/net/core/somaxconn; echo 333 >/proc/sys/net/core/somaxconn; cat /proc/sys/net/core/somaxconn')"
check "net of the network namespace can be written" "1" "$(inside one '
    echo 1 >/proc/sys/net/ipv4/ip_forward; cat /proc/sys/net/ipv4/ip_forward')"
echo "in a vNode: net/core: $(inside one 'ls /proc/sys/net/core'); neigh: $(inside one 'ls /proc/sys/net/ipv4/neigh/default')"
echo "in a vNode: netfilter: $(inside one 'ls /proc/sys/net/netfilter')"
check "every sysctl that is listed can be read or is write-only" "" "$(inside one '
    find /proc/sys -type f -perm -0400 ! -path "/proc/sys/net/*" -exec cat {} + 2>&1 >/dev/null')"
node_sysctls >/tmp/after
check "the sysctls of the guest are as before" "" "$(diff /tmp/before /tmp/after)"
