# guest: --cpus 2 --memory 2G
# shellcheck shell=bash
# A PID namespace and a network namespace of its own inside a vNode, with a /proc and a /sys mounted there.
. /mnt/share/guest/lib/check.sh
trap 'vnode stop --timeout 1 init >/dev/null 2>&1; close_all' EXIT

vnode run --name init --rootfs / --memory 512M --keep -- true
inside() { vnode exec init -- sh -c "$1" 2>&1; }

# shellcheck disable=SC2016 # for the shell inside
check "unshare --mount --pid --fork --mount-proc" "1 3 524288 root=/dev/vnode ro" "$(inside 'unshare --mount --pid --fork --mount-proc sh -c "
    echo \$\$; ls /proc | grep -c ^[0-9]; sed -n \"s/^MemTotal: *\([0-9]*\).*/\1/p\" /proc/meminfo; cat /proc/cmdline"' | xargs)"
check "and in its own network namespace, with a sysfs" "lo 1" "$(inside 'unshare --net --mount sh -c "mount -t sysfs sysfs /sys && ls /sys/class/net; ls /sys/class | grep -c net"' | xargs)"

