# guest: --cpus 2 --memory 2G
# shellcheck shell=bash
# Files and networks of the node in vNodes: what older kernels cannot is said.
. /mnt/share/guest/lib/check.sh
trap 'vnode stop --timeout 1 net >/dev/null 2>&1; ip netns del prepared 2>/dev/null; umount -l /run/netns 2>/dev/null; rm -rf /run/netns; rm -rf /root/vol /run/closed; close_all' EXIT

mkdir -p /root/vol /run/closed/vol
# Where others get to, vnode warns of set-uid programs.
chmod 700 /run/closed
echo disk >/root/vol/f
echo memory >/run/closed/vol/f
chown 5:6 /root/vol/f
seen='cat /v/f; stat -c %u:%g /v/f'
check "a volume on a disk" "disk 5:6" "$(vnode run --volume /root/vol:/v -- sh -c "$seen" 2>&1 | xargs)"
case $(uname -r) in
6.1.*) check_matches "a volume in memory is refused and named" 'tmpfs on /run cannot be ID-mapped by this kernel, Linux 6\.1.*since 6\.3' "$(
    vnode run --volume /run/closed/vol:/v -- sh -c "$seen" 2>&1)" ;;
*) check "a volume in memory" "memory 0:0" "$(vnode run --volume /run/closed/vol:/v -- sh -c "$seen" 2>&1 | xargs)" ;;
esac
check_matches "a volume of a FUSE file system is refused and named" 'fuse.* on /run/bound cannot be ID-mapped' "$({
    mkdir -p /run/bound && bindfs /root/vol /run/bound && vnode run --volume /run/bound:/v -- true
    umount /run/bound && rmdir /run/bound
} 2>&1)"

vnode run --name net --net veth --keep -- true
inside=$(vnode exec net -- sh -c 'ip -o -4 addr show dev eth0' | sed -n 's/.* inet \([0-9.]*\).*/\1/p')
check "the node reaches a vNode with --net veth" "1 received" "$(ping -c 1 -W 5 "${inside:-none}" 2>&1 | grep -o '1 received')"
check "and it the node" "1 received" "$(vnode exec net -- sh -c 'ping -c 1 -W 5 $(ip route | sed -n "s/^default via \([^ ]*\).*/\1/p")' 2>&1 | grep -o '1 received')"
vnode stop --timeout 1 net
check "nothing of the pair is left" "" "$(ip -o link | grep -o 'vnode[0-9]*')"

ip netns add prepared
ip -n prepared link add near type veth peer name far
ip -n prepared addr add 192.0.2.1/24 dev near
check "a namespace prepared with ip netns" "far lo near 192.0.2.1/24 UP" "$(
    vnode run --net ns:/run/netns/prepared -- sh -c 'ls /sys/class/net; ip -o -4 addr show dev near; ip -o link show lo' 2>&1 |
        grep -o -e '^[a-z]*$' -e '192[^ ]*' -e UP, | tr -d , | xargs)"
