# guest: --cpus 4 --memory 2G --swap 512M
# shellcheck shell=bash
# What the kernel's own /proc and /sys keep to, asked of this kernel and of a vNode with limits on it.
. /mnt/share/guest/lib/check.sh
trap 'vnode stop properties >/dev/null 2>&1; close_all' EXIT

vnode run --name properties --cpus 1.5 --memory 512M --keep -- true
first=$(vnode inspect properties --format json | sed -n 's/.*"initPID" *: *\([0-9]*\).*/\1/p')
vnode-conformance --tree "/proc/$first/root" --enter "vnode exec properties --" | grep -v ' passed, '
