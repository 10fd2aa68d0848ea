import Glibc
import Linux

extension Suite {
    /// proc and sysfs anywhere in a vNode, with their covers, which stay on.
    static let brokeredMounts: [Check] = [
        tree("mount -t proc", "mount -t proc proc /tmp/m"),
        tree("mount -t proc by a descriptor's path", "perl -e '\(descriptorMount)'"),
        tree("mount -t proc in a mount namespace", "mount -t proc proc /tmp/m", around: "unshare -m"),
        tree("mount -t proc in a PID namespace", "mount -t proc proc /tmp/m", around: "unshare -m -p -f"),
        tree("mount -t proc in PID, network, IPC and UTS namespaces", "mount -t proc proc /tmp/m", around: "unshare -m -p -n -i -u -f"),
        tree("mount -t proc with options", "mount -t proc -o hidepid=invisible,nosuid proc /tmp/m"),
        tree(
            "a relative path in a chroot", "mkdir -p /tmp/r/sub; (cd /tmp; chroot_mount) && mount --rbind /tmp/r/sub /tmp/m",
            function: chrootMount),
        Check("a /proc of its own for unshare --mount-proc") { context in
            let script = """
                unshare --mount --pid --fork --mount-proc sh -c 'echo /proc/[0-9]* | wc -w; head -c 1 /proc/iomem; cat /proc/cmdline; cat /proc/sys/kernel/hostname'
                """
            let lines = try await context.inside(script, options: ["--hostname", "mounted"]).split(separator: "\n").map(String.init)
            // The shell's child for the list, and perhaps wc's.
            try expect(
                lines.count == 3 && (1...4).contains(Int(lines[0]) ?? 0) && lines[1].hasPrefix("root=/dev/vnode") && lines[2] == "mounted",
                "few processes, the view's command line and hostname", got: "\(lines)")
        },
        Check("mount -t sysfs, also in a network namespace made inside") { context in
            let script = """
                mkdir /tmp/s; mount -t sysfs sysfs /tmp/s && ls /tmp/s/class/net | sort | tr '\\n' ' '; ls /tmp/s/class | wc -l; ls /sys/class | wc -l
                umount /tmp/s/class/net 2>/dev/null; echo $?; umount /tmp/s; echo $?
                unshare -n -m sh -c 'mount -t sysfs sysfs /tmp/s && ls /tmp/s/class/net; cat /tmp/s/devices/system/cpu/online'; cat /sys/devices/system/cpu/online
                """
            let lines = try await context.inside(script).split(separator: "\n").map(String.init)
            try expect(lines.count == 7, "7 lines", got: "\(lines)")
            try expect("classes", lines[0].split(separator: " ").last.map(String.init), is: String(lines[1]))
            try expect("umount of a cover fails, of the whole works", lines[2] != "0" && lines[3] == "0", is: true)
            try expect("interfaces", lines[4], is: "lo")
            try expect("CPUs", lines[5], is: lines[6])
        },
        Check("who mounts for it is in sight for a moment, and shows neither network nor mounts of the node") { context in
            let name = "vnode-witness-\(getpid())"
            // Whoever reads its name looks at the node's network.
            let socket = try Sockets.datagram()
            try Sockets.bind(socket, to: context.path(name))
            let script = """
                mkdir /tmp/m
                (while mount -t proc -o hidepid=0 proc /tmp/m; do umount /tmp/m; done) 2>/dev/null &
                perl -e '
                $end = time + 4;
                while (time < $end) {
                    opendir D, "/proc";
                    for $p (grep { /^\\d/ && !$known{$_}++ } readdir D) {
                        if (open F, "/proc/$p/net/unix") { $net++ if grep { /\(name)/ } <F> }
                        if (open F, "/proc/$p/mountinfo") { $mounts++ if grep { m{ /fuse/static } } <F> }
                    }
                }
                print keys(%known) > 100 ? "looked" : "did not look", $net ? " network" : "", $mounts ? " mounts" : ""'
                kill $!
                """
            try expect("seen", try await context.inside(script), is: "looked")
            _ = consume socket
        },
        Check("who may not mount is told so, and where it cannot be") { context in
            #if arch(x86_64)
                let number = 165
            #elseif arch(arm64)
                let number = 40
            #endif
            let call = { (name: String, target: String, flags: Int) in
                "{ my ($p, $t) = ('proc', '\(target)'); t '\(name)', \(number), $p, $t, $p, \(flags), 0 }\n"
            }
            let script =
                "mkdir /tmp/m; : >/tmp/f; ln -s /tmp/m /tmp/link; mkdir -m 700 /tmp/closed /tmp/closed/in\nperl <<'E'\n\(tries)"
                + call("nothing", "/tmp/none", 0) + call("file", "/tmp/f", 0) + call("empty", "", 0) + call("link", "/tmp/link", 0)
                + call("long", String(repeating: "x/", count: 2100), 0)
                + "{ my ($p, $t) = ('proc', '/tmp/m'); t 'options', \(number), $p, $t, $p, 0, $o = 'nonsense=1' }\n"
                + "{ my ($p, $t) = ('nfsd', '/tmp/m'); t 'nfsd', \(number), $p, $t, $p, 0, 0 }\nE\n"
                + "setpriv --bounding-set -sys_admin perl <<'E'\n\(tries)" + call("powerless", "/tmp/m", 0) + "E\n"
                + "setpriv --reuid 1000 --clear-groups perl <<'E'\n\(tries)" + call("user", "/tmp/m", 0) + "E\n"
                + "mount -t proc -o ro proc /tmp/m; (echo x >/tmp/m/sys/kernel/hostname) 2>&1 | grep -o 'Read-only'"
            let lines = try await context.inside(script).split(separator: "\n").map(String.init)
            try expect(
                "answers", lines,
                is: [
                    "nothing \(ENOENT)", "file \(ENOTDIR)", "empty \(ENOENT)", "link 0", "long \(ENAMETOOLONG)", "options \(EINVAL)",
                    "nfsd \(EPERM)", "powerless \(EPERM)", "user \(EPERM)", "Read-only",
                ])
        },
        Check("all other file systems are the kernel's") { context in
            let script = """
                mkdir /tmp/m; for t in tmpfs mqueue devpts; do mount -t $t none /tmp/m && umount /tmp/m || echo $t; done
                mkdir /tmp/l /tmp/u; mount -t tmpfs none /tmp/u; mkdir /tmp/u/u /tmp/u/w
                mount -t overlay -o lowerdir=/tmp/l,upperdir=/tmp/u/u,workdir=/tmp/u/w none /tmp/m && umount /tmp/m || echo overlay
                mount --bind /tmp /tmp/m && umount /tmp/m || echo bind; unshare -C -m mount -t cgroup2 none /tmp/m || echo cgroup2
                mount -t ext4 none /tmp/m 2>/dev/null && echo ext4; mount --make-private /tmp/u && mount -o remount,bind,ro /tmp/u || echo remount
                """
            try expect("what failed", try await context.inside(script), is: "")
        },
    ]

    private static let descriptorMount = """
        opendir D, "/tmp/m"; my ($p, $t) = ("proc", "/proc/self/fd/" . fileno(D)); exit(syscall(\(mountNumber), $p, $t, $p, 0, 0) < 0)
        """

    #if arch(x86_64)
        private static let mountNumber = 165
    #elseif arch(arm64)
        private static let mountNumber = 40
    #endif

    /// perl is outside of the new root by then, and so is nothing of what it calls with.
    private static let chrootMount = """
        chroot_mount() { perl -e 'chroot "/tmp/r"; chdir "/"; my ($p, $t) = ("proc", "sub"); exit(syscall(\(mountNumber), $p, $t, $p, 0, 0) < 0)'; }
        """

    /// What is mounted at /tmp/m is covered as /proc is, stays so, and can be taken away as a whole.
    private static func tree(_ name: String, _ mount: String, around: String = "", function: String = "true") -> Check {
        Check("\(name) gives a covered tree") { context in
            let script = """
                cat >/tmp/try <<'END'
                \(function)
                \(mount) || echo FAILED
                head -c 1 /tmp/m/iomem; (: </tmp/m/kcore) 2>/dev/null && echo kcore; (: </tmp/m/kmsg) 2>/dev/null && echo kmsg
                [ "$(cat /tmp/m/cmdline)" = "$(cat /proc/cmdline)" ] || echo cmdline
                [ "$(grep MemTotal /tmp/m/meminfo)" = "$(grep MemTotal /proc/meminfo)" ] || echo meminfo
                [ -r /tmp/m/self/status ] || [ -r /tmp/m/1/status ] || echo status
                for f in meminfo iomem kcore sys/kernel; do
                    umount -l /tmp/m/$f 2>/dev/null && echo umount $f; mount --move /tmp/m/$f /tmp/f 2>/dev/null && echo move $f
                done
                mkdir -p /tmp/n; mount --bind /tmp/m /tmp/n 2>/dev/null && echo bind
                mount --bind /tmp/m/sys /tmp/n 2>/dev/null && echo bind of sys
                unshare -m umount -l /tmp/m/iomem 2>/dev/null && echo umount in a namespace
                mount -o remount,bind,rw /tmp/m/iomem 2>/dev/null && (echo x >/tmp/m/iomem) 2>/dev/null && echo write
                umount /tmp/m || umount /tmp/m || echo STAYS
                echo /tmp/m/*
                END
                mkdir -p /tmp/m /tmp/r; : >/tmp/f; \(around) sh /tmp/try
                """
            try expect("what is wrong", try await context.inside(script), is: "/tmp/m/*\n")
        }
    }
}
