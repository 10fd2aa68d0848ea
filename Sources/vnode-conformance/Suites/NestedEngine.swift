extension Suite {
    /// An engine as it is, run inside a vNode: what Docker does there.
    static let nestedEngine: [Check] = [
        Check("runc within runs a container whose /proc and /sys are covered") { context in
            let script = """
                mkdir -p /tmp/b/rootfs; cd /tmp/b; for d in usr proc dev sys etc tmp; do mkdir rootfs/$d; done
                for n in bin sbin lib lib64; do ln -s usr/$n rootfs/$n; done
                cat >config.json <<'END'
                \(bundle)
                END
                runc --root /tmp/r run within
                """
            let lines = try await context.inside(script).split(separator: "\n").map(String.init)
            try expect("what it sees", lines, is: ["root=/dev/vnode ro", "/proc/1", "lo", "80", "tight"])
        }
    ]

    private static let program = """
        cat /proc/cmdline; head -c 1 /proc/iomem; echo /proc/[0-9]*; ls /sys/class/net; cat /proc/sys/net/ipv4/ip_unprivileged_port_start; \
        umount -l /proc/meminfo 2>/dev/null || mount --bind /proc /tmp 2>/dev/null || echo tight
        """

    private static let bundle = """
        {
          "ociVersion": "1.0.2",
          "process": {
            "user": {"uid": 0, "gid": 0}, "args": ["sh", "-c", "\(program)"], "cwd": "/", "env": ["PATH=/usr/bin:/usr/sbin"],
            "capabilities": {"bounding": ["CAP_SYS_ADMIN"], "effective": ["CAP_SYS_ADMIN"], "permitted": ["CAP_SYS_ADMIN"]}
          },
          "root": {"path": "rootfs"},
          "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro", "nosuid", "nodev", "noexec"]},
            {"destination": "/usr", "type": "bind", "source": "/usr", "options": ["rbind", "ro"]},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"}
          ],
          "linux": {
            "sysctl": {"net.ipv4.ip_unprivileged_port_start": "80"},
            "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}, {"type": "network"}],
            "maskedPaths": ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware", "/proc/scsi"],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
            "seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["ptrace"], "action": "SCMP_ACT_ERRNO"}]}
          }
        }
        """
}
