# guest: --image podman --cpus 2 --memory 2G
# shellcheck shell=bash
# podman inside a vNode with limits: what it runs sees the vNode's /proc and /sys, within limits of its own.
. /mnt/share/guest/lib/check.sh
trap close_all EXIT

# As images with an engine in them do: an overlay cannot lie on an overlay, and controllers go to children of a cgroup without processes.
# shellcheck disable=SC2016 # for the shell inside
prepare='
mkdir -p /var/lib/containers /sys/fs/cgroup/init /tmp/b/bin /tmp/b/proc /tmp/b/sys /tmp/b/dev /tmp/b/etc /tmp/b/tmp /tmp/b/run
mount -t tmpfs tmpfs /var/lib/containers && echo $$ >/sys/fs/cgroup/init/cgroup.procs
for p in sh cat sed ls readlink tr xargs head ip ping grep; do cp /bin/busybox /tmp/b/bin/$p; done
tar -C /tmp/b -c . | podman import --quiet - box:1 >/dev/null
echo users $(readlink /proc/self/ns/user) $(tr -s " " </proc/self/uid_map)'
look='echo users $(readlink /proc/self/ns/user) $(tr -s " " </proc/self/uid_map)
echo MemTotal $(sed -n "s/^MemTotal: *\([0-9]*\).*/\1/p" /proc/meminfo) of $(cat /sys/fs/cgroup/memory.max)
echo cpus $(ls /sys/devices/system/cpu | sed -n "/^cpu[0-9]/p" | xargs)
echo cmdline $(cat /proc/cmdline)
echo kcore $(cat /proc/kcore 2>/dev/null | head -c 9)
echo net $(ls /sys/class/net)
echo pid $$
echo port $(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)'

for runtime in crun runc; do
    output=$(vnode run --rootfs / --memory 512M --cpus 1 --delegate-cgroup -- sh -c "$prepare
        podman --runtime $runtime run --rm --network none --memory 64m --sysctl net.ipv4.ip_unprivileged_port_start=0 box:1 sh -c '$look'" 2>&1)
    check "podman with $runtime inside a vNode" "${output%%$'\n'*}
MemTotal 524288 of 67108864
cpus cpu0
cmdline root=/dev/vnode ro
kcore
net lo
pid 1
port 0" "$(tail -n +2 <<<"$output")"
done

# The default network: a bridge and its rules in the vNode's network namespace, one end of a pair in the container's.
# shellcheck disable=SC2016
look='echo net $(ls /sys/class/net)
echo address $(ip -o -4 addr show dev eth0 | grep -c " 10\.88\.0\.[0-9]*/16 ")
echo gateway $(ping -c 1 -W 5 10.88.0.1 | grep -c " 0% packet loss")'
output=$(vnode run --rootfs / --memory 512M --cpus 1 --delegate-cgroup -- sh -c "$prepare
    podman run --rm --cap-add net_raw box:1 sh -c '$look'" 2>&1)
check "podman's default bridge inside a vNode" "net eth0 lo
address 1
gateway 1" "$(tail -n +2 <<<"$output")"
check "and nothing of it on the node" "" "$(ip -o link | grep -e podman -e veth)"

# The kernel has loaded what it took, and with it sysctls; the vNode's network namespace is gone some time after the vNode.
for ((try = 0; try < 40; try++)); do
    modules=$(sed -n 's/^\(nft_[a-z_0-9]*\|nf_[a-z_0-9]*\|nfnetlink\|bridge\|stp\|llc\|veth\) .*/\1/p' /proc/modules)
    [[ -n $modules ]] || break
    # shellcheck disable=SC2086 # a list
    rmmod $modules 2>/dev/null || sleep 0.25
done
