# guest: --cpus 2 --memory 2G
# seconds: 600
# shellcheck shell=bash
# What people do as root of a machine, as root of a vNode with a root filesystem of Debian's.
. /mnt/share/guest/lib/check.sh
trap 'for n in life gone; do vnode stop --timeout 1 $n >/dev/null 2>&1; done; rm -f /run/fuse; close_all' EXIT

# As udev makes it: for everybody.
mknod -m 666 /run/fuse c 10 229
vnode run --name life --rootfs / --device /run/fuse:/dev/fuse --keep -- true
inside() { vnode exec life -- sh -c "$1" 2>&1; }

# Once a minute: seen at the end.
vnode exec --detach life -- sh -c 'echo "* * * * * root echo ran >>/dev/shm/cron" >/etc/cron.d/life; exec cron -f' >/dev/null

check "chroot" "in / 0" "$(inside 'mkdir -p /tmp/r/bin && cp /bin/busybox /tmp/r/bin/sh && cp /bin/busybox /tmp/r/bin/id && chroot /tmp/r /bin/sh -c "echo in \$PWD \$(/bin/id -u)"' | xargs)"
check "mount --bind, and umount" "x gone" "$(inside 'mkdir /tmp/a /tmp/b; echo x >/tmp/a/f; mount --bind /tmp/a /tmp/b && cat /tmp/b/f; umount /tmp/b; [ -e /tmp/b/f ] || echo gone' | xargs)"
check "a tmpfs" "tmpfs 1024" "$(inside 'mount -t tmpfs -o size=1m none /mnt && df -k /mnt | sed -n "2s/^[^ ]* *\([0-9]*\).*/tmpfs \1/p"')"
check "an overlay" "lower upper lower" "$(inside 'mount -t tmpfs none /mnt && cd /mnt && mkdir l u w m; echo lower >l/f; mount -t overlay overlay -o lowerdir=l,upperdir=u,workdir=w m &&
    cat m/f; echo upper >m/f; cat u/f l/f' | xargs)"
check "FUSE with --device /dev/fuse" "through fuse fuse" "$(inside 'mkdir /tmp/fa /tmp/fb; echo through fuse >/tmp/fa/f; bindfs /tmp/fa /tmp/fb && cat /tmp/fb/f; stat -f -c %T /tmp/fb | cut -c1-4; umount /tmp/fb' | xargs)"
check "without it there is none" "2" "$(vnode run -- ls /dev/fuse >/dev/null 2>&1; echo $?)"
check "ping 127.0.0.1 and ::1" "2" "$(inside 'ping -c 1 -W 5 127.0.0.1; ping -c 1 -W 5 ::1' | grep -c ' 0% packet loss')"
check "hostname NEW" "new new new $(uname -n)" "$(inside 'hostname new; hostname; uname -n; cat /proc/sys/kernel/hostname' | xargs) $(uname -n)"
check "sysctl -w net.ipv4.ip_forward=1" "net.ipv4.ip_forward = 1 1 0" "$(inside 'sysctl -w net.ipv4.ip_forward=1; cat /proc/sys/net/ipv4/ip_forward' | xargs) $(cat /proc/sys/net/ipv4/ip_forward)"
check "a user is added, and is who a program runs as" "1234 ann ann" "$(inside 'useradd -u 1234 -M ann && touch /tmp/of && chown ann /tmp/of && stat -c "%u %U" /tmp/of && setpriv --reuid=1234 --clear-groups id -un' | xargs)"
check "interfaces of one's own" "lo v0 v1" "$(inside 'ip link add v0 type veth peer name v1 && ls /sys/class/net' | xargs)"

# shellcheck disable=SC2016 # for the shell inside
check "sshd and ssh" "logged in as root at new" "$(inside '
    mkdir -p /run/sshd /root/.ssh; chmod 700 /root /root/.ssh; ssh-keygen -A >/dev/null; ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id
    cat /root/.ssh/id.pub >/root/.ssh/authorized_keys; $(command -v sshd) || exit
    ssh -i /root/.ssh/id -o StrictHostKeyChecking=no -o LogLevel=ERROR root@127.0.0.1 "echo logged in as \$(id -un) at \$(hostname)"')"

# shellcheck disable=SC2016 # for the shell inside
check "systemd as PID 1, with limits" "running in 1.0G: basic.target multi-user.target" "$(vnode run --rootfs / --memory 1G --cpus 2 --delegate-cgroup -- sh -c '
    [ -s /etc/machine-id ] || tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
    # Of the machine, not of what is tried here.
    for unit in nginx postgresql redis-server prometheus-node-exporter ssh cron systemd-networkd; do ln -sf /dev/null /etc/systemd/system/$unit.service; done
    container=oci unshare --pid --mount --fork --mount-proc /lib/systemd/systemd >/dev/null 2>&1 &
    there() { nsenter -t "$(pgrep -xo systemd)" -m -p "$@" 2>/dev/null; }
    for i in $(seq 90); do case $(there systemctl is-system-running) in running | degraded) break ;; esac; sleep 1; done
    echo "$(there systemctl is-system-running) in $(free -h | sed -n "s/^Mem: *\([0-9.]*G\)i.*/\1/p"):" $(there systemctl --failed --no-legend --plain | cut -d" " -f1) \
        $(there systemctl list-units --type=target --state=active --no-legend --plain | grep -ow "^\(basic\|multi-user\).target")' 2>&1)"

vnode run --name gone --keep -- true
check "reboot ends the vNode, not the node" "125 none $(uname -n)" "$({
    vnode exec gone -- busybox reboot -f >/dev/null 2>&1
    echo $?
    eventually 60 none sh -c 'vnode list | grep -q "^gone " || echo none'
    uname -n
} | xargs)"
check "and the other one goes on" "still" "$(inside 'echo still')"
check "cron runs a job" "ran" "$(eventually 90 ran vnode exec life -- head -n1 /dev/shm/cron)"
