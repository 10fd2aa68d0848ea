# guest: --cpus 4 --memory 2G --swap 512M
# shellcheck shell=bash
# The guest itself, without vNode: what the other scripts rely on.
. /mnt/share/guest/lib/check.sh
trap close_all EXIT

check "cgroup2 alone is mounted" "cgroup2" "$(awk '$3 ~ /^cgroup/ { print $3 }' /proc/mounts)"
for controller in cpu cpuset io memory pids; do
    check "controller $controller is enabled" "$controller" "$(grep -ow "$controller" $cgroot/cgroup.subtree_control)"
done
check "PSI is on" "some full" "$(awk '{ print $1 }' /proc/pressure/memory | xargs)"
check "the CPU files of the kernel agree" "$(cpu_files_like "0 1 2 3" 0-3)" "$(cpu_files_of /)"
check "swap is on" "524284" "$(field /proc/meminfo SwapTotal)"

bundle=/tmp/bundle
mkdir -p $bundle/rootfs/bin
cp /usr/bin/busybox $bundle/rootfs/bin/
(cd $bundle && runc spec && sed -i -e 's/"terminal": true/"terminal": false/' \
    -e 's|"sh"|"/bin/busybox", "cat", "/sys/fs/cgroup/memory.max"|' \
    -e 's|"resources": {|"resources": { "memory": { "limit": 67108864 },|' config.json)
check "runc alone applies a memory limit" "67108864" "$(runc run --bundle $bundle baseline 2>&1)"
rm -rf $bundle
