# guest: --cpus 2 --memory 2G
# shellcheck shell=bash
# Container engines inside a vNode: what they run sees the vNode's /proc and /sys too, without a user namespace of its own.
. /mnt/share/guest/lib/check.sh
trap 'vnode stop --timeout 1 dock >/dev/null 2>&1; close_all' EXIT

vnode run --name dock --memory 512M --cpus 1 --keep -- true

# A root filesystem of busybox, and what a container of it is to say.
# shellcheck disable=SC2016 # for the shell inside
prepare='mkdir -p /tmp/b/rootfs/bin /tmp/b/rootfs/proc /tmp/b/rootfs/sys /tmp/b/rootfs/dev /tmp/b/rootfs/tmp /tmp/b/rootfs/etc
for p in sh cat sed ls readlink cut tr xargs id mount; do cp /bin/busybox /tmp/b/rootfs/bin/$p; done; cd /tmp/b'
# shellcheck disable=SC2016
look='echo MemTotal $(sed -n "s/^MemTotal: *\([0-9]*\).*/\1/p" /proc/meminfo)
echo cpus $(ls /sys/devices/system/cpu | sed -n "/^cpu[0-9]/p" | xargs)
echo cmdline $(cat /proc/cmdline)
echo kcore $(cat /proc/kcore 2>/dev/null | head -c 9)
echo users $(readlink /proc/self/ns/user) $(tr -s " " </proc/self/uid_map)
echo net $(ls /sys/class/net)
echo pid $$
echo port $(cat /proc/sys/net/ipv4/ip_unprivileged_port_start) $(cat /proc/sys/net/ipv4/ping_group_range)'
users=$(vnode exec dock -- sh -c 'echo $(readlink /proc/self/ns/user) $(tr -s " " </proc/self/uid_map)')
expected="MemTotal 524288
cpus cpu0
cmdline root=/dev/vnode ro
kcore
users $users
net lo
pid 1
port 0 0 65535"

for engine in runc crun; do
    # Not every image has both.
    type -P "$engine" >/dev/null || { echo "not tried: there is no $engine in this image"; continue; }
    "$engine" --version | head -n 1
    check "$engine inside a vNode" "$expected" "$(printf '%s' "$look" | vnode exec dock -- sh -c "$prepare
        cat >look; $engine spec
        python3 -c '
import json
c = json.load(open(\"config.json\"))
c[\"process\"].update(terminal=False, args=[\"sh\", \"-c\", open(\"look\").read()])
c[\"linux\"][\"sysctl\"] = {\"net.ipv4.ip_unprivileged_port_start\": \"0\", \"net.ipv4.ping_group_range\": \"0 65535\"}
json.dump(c, open(\"config.json\", \"w\"))'
        $engine run inner" 2>&1)"
done
