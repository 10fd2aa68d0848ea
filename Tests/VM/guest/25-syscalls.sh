# guest: --cpus 4 --memory 2G --swap 512M
# shellcheck shell=bash
# What system calls say agrees with the files where limits decide; proc and sysfs mounted inside are covered on this kernel too.
. /mnt/share/guest/lib/check.sh
trap close_all EXIT

count='nproc; grep -c ^processor /proc/cpuinfo; perl -e "print scalar(() = unpack(q(b*), do { my \$m = chr(0) x 128; syscall(204, 0, 128, \$m); \$m }) =~ /1/g), qq(\n)"'
check "--cpus 1.5: nproc, cpuinfo and sched_getaffinity say 2" "2 2 2" "$(vnode run --cpus 1.5 -- sh -c "$count" 2>&1 | tr '\n' ' ' | sed 's/ $//')"
check "--cpus 1: taskset shows CPU 0 alone, of another process too" "0 0" \
    "$(vnode run --cpus 1 -- sh -c 'sleep 9 & for p in $$ $!; do taskset -cp $p; done' 2>&1 | sed 's/.*: //' | tr '\n' ' ' | sed 's/ $//')"
check "--cpus 1: a CPU that is not seen cannot be asked for, one that is can" "1 0" \
    "$(vnode run --cpus 1 -- sh -c 'taskset -c 3 true 2>/dev/null; printf "$? "; taskset -c 0-3 true; echo $?' 2>&1)"
check "--cpus 1: nobody is pinned" "0-3" \
    "$(vnode run --cpus 1 -- sh -c 'taskset -c 0 grep Cpus_allowed_list /proc/self/status' 2>&1 | cut -f2)"
check "sched_getaffinity refuses what the kernel refuses" "22 22 14 3" \
    "$(vnode run --cpus 1 -- perl -e 'my $m = "\0" x 128; for ([0, 0, $m], [0, 12, $m], [0, 128, 8], [99999, 128, $m]) { syscall(204, @$_); print $!+0, " " }' 2>&1 | sed 's/ $//')"

sysinfo='my $b = "\0" x 112; syscall(99, $b); my @v = unpack "q<Q<3Q<6S<", $b; print join(" ", $v[4] >> 10, $v[8] >> 10), "\n"'
check "--memory 300M --swap 100M: sysinfo" "307200 102400" "$(vnode run --memory 300M --swap 100M -- perl -e "$sysinfo" 2>&1)"
check_matches "free of busybox, which asks sysinfo" '^Mem: +307200 ' "$(vnode run --memory 300M -- busybox free 2>&1 | grep Mem)"

tree='mkdir /tmp/m; mount -t $0 $0 /tmp/m || exit; test -z "$(cat /tmp/m/iomem /tmp/m/kallsyms 2>/dev/null)" && echo hidden
    grep -s MemTotal /tmp/m/meminfo /tmp/m/devices/system/node/node0/meminfo | grep -o "[0-9]* kB"
    for f in meminfo iomem class/net devices/system/cpu; do [ ! -e /tmp/m/$f ] || umount -l /tmp/m/$f 2>/dev/null && [ -e /tmp/m/$f ] && echo umount $f; done
    mount --bind /tmp/m /tmp 2>/dev/null && echo bind; umount /tmp/m; echo /tmp/m/*'
for around in "" "unshare -m" "unshare -m -p -f" "unshare -m -p -n -i -u -f"; do
    for type in proc sysfs; do
        check "${around:-plain}: mount -t $type is covered and stays so" "hidden 307200 kB /tmp/m/*" \
            "$(vnode run --memory 300M -- $around sh -c "$tree" $type 2>&1 | tr '\n' ' ' | sed 's/ $//')"
    done
done
check_matches "unshare --mount-proc" '^[1-4] 307200 kB$' \
    "$(vnode run --memory 300M -- unshare --mount --pid --fork --mount-proc sh -c 'echo $(echo /proc/[0-9]* | wc -w) $(grep MemTotal /proc/meminfo | grep -o "[0-9]* kB")' 2>&1)"
