# guest: --cpus 2 --memory 1G
# shellcheck shell=bash
# Sysctls are written inside, and nothing of the guest's is.
. /mnt/share/guest/lib/check.sh
trap 'vnode stop one >/dev/null 2>&1; vnode stop two >/dev/null 2>&1; modprobe -ra ip_vs nf_conntrack nf_defrag_ipv6 nf_defrag_ipv4; close_all' EXIT

# What nodes of a cluster have: with them come sysctls that all network namespaces share.
modprobe -a nf_conntrack ip_vs
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
shared="netfilter/nf_conntrack_max netfilter/nf_conntrack_expect_max netfilter/nf_conntrack_buckets core/rmem_max core/wmem_default"
check "sizes that all of a node share are those of a machine of 8 GB" "262144 4096 262144 212992 212992" "$(inside one "cd /proc/sys/net && cat $shared")"
check "and are written in the vNode alone" "100000 5000 262144 1000000 300000" "$(inside one "
    sysctl -q -w net.netfilter.nf_conntrack_max=100000 net.netfilter.nf_conntrack_expect_max=5000 net.core.rmem_max=1000000 net.core.wmem_default=300000
    cd /proc/sys/net && cat $shared")"
check "not in another" "262144 4096 262144 212992 212992" "$(inside two "cd /proc/sys/net && cat $shared")"
if [[ -e /proc/sys/net/ipv4/vs/sync_qlen_max ]]; then
    check "the queue of IPVS, too" "yes" "$(inside one "[ ! -e /proc/sys/net/ipv4/vs/sync_qlen_max ] || grep -qx 62464 /proc/sys/net/ipv4/vs/sync_qlen_max && echo yes")"
fi
echo "in a vNode: net/core: $(inside one 'ls /proc/sys/net/core'); neigh: $(inside one 'ls /proc/sys/net/ipv4/neigh/default')"
echo "in a vNode: netfilter: $(inside one 'ls /proc/sys/net/netfilter')"
# Each by sysctl(8), to another value than it has. Left are those that take values without effect, as the kernel's do, and those that
# refuse them.
sysctl_each=$(
    cat <<'END'
import os, subprocess
found, left = {}, []
def read(path): return open(path).read().split()
for directory, _, names in os.walk("/proc/sys"):
    if directory.startswith(("/proc/sys/net", "/proc/sys/user")): continue
    for name in names:
        path = os.path.join(directory, name)
        try: old = read(path)
        except OSError: continue
        # Those that set others to 0, too.
        if not (os.access(path, os.W_OK) and os.stat(path).st_mode & 0o200) or name in ("dirty_bytes", "dirty_background_bytes", "overcommit_kbytes"): continue
        def others():
            if old and all(word.lstrip("-").isdigit() for word in old):
                for step in (1, -1, 4096, 65536, -int(old[0]), 1 - int(old[0])):
                    yield " ".join(str(int(word) + step) for word in old)
                yield " ".join(["33"] * len(old))
            yield from ("on", "some-word", "kill_process")
        for value in others():
            if value.split() == old: continue
            try:
                with open(path, "w") as file: file.write(value + "\n")
                if read(path) == old: continue
                with open(path, "w") as file: file.write(" ".join(old) + "\n")
            except OSError:
                if read(path) == old: continue
            found[path] = value, old
            break
        else: left.append(path)
key = lambda path: path[len("/proc/sys/"):].replace("/", ".")
subprocess.run(["sysctl", "-q", "-w"] + [key(path) + "=" + value for path, (value, _) in found.items()])
left += [path for path, (_, old) in found.items() if read(path) == old]
print("changed" if len(found) > 140 else len(found), *sorted(map(key, left)))
END
)
sysctls_of() { vnode exec "$1" -- sh -c 'grep -rHs . /proc/sys/abi /proc/sys/debug /proc/sys/dev /proc/sys/fs /proc/sys/kernel /proc/sys/vm' | grep -vE "$moving" | sort; }
moving='/(uuid|boot_id|ns_last_pid|hostname):'
sysctls_of two >/tmp/two
without="kernel.auto_msgmni kernel.cad_pid kernel.random.urandom_min_reseed_secs kernel.random.write_wakeup_threshold
    kernel.usermodehelper.bset kernel.usermodehelper.inheritable vm.stat_refresh"
check "sysctl -w changes each inside" "changed $(xargs <<<"$without")" "$(vnode exec one -- python3 -c "$sysctl_each")"
check "and none in another vNode" "" "$(diff /tmp/two <(sysctls_of two))"
check "every sysctl that is listed can be read or is write-only" "" "$(inside one '
    find /proc/sys -type f -perm -0400 ! -path "/proc/sys/net/*" -exec cat {} + 2>&1 >/dev/null')"
node_sysctls >/tmp/after
check "the sysctls of the guest are as before" "" "$(diff /tmp/before /tmp/after)"
