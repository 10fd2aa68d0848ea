/// Whether vNodes run here: a pure function of what was found.
public enum Judgement {
    public static func findings(_ facts: Facts) -> [Finding] {
        [
            kernel(facts.kernel),
            cgroups(facts),
            controllers(facts),
            Finding(
                "fuse", facts.fuse, works: "/dev/fuse opens", needed: "/dev/fuse", remedy: "modprobe fuse, and see the device's mode"),
            Finding(
                "user-namespaces", facts.userNamespace, works: "one was made", needed: "user namespaces",
                remedy: "raise the sysctl user.max_user_namespaces; see kernel.apparmor_restrict_unprivileged_userns too"),
            Finding(
                "time-namespaces", facts.timeNamespace, works: "one was made", needed: "time namespaces",
                remedy: "a kernel with CONFIG_TIME_NS; raise the sysctl user.max_time_namespaces"),
            Finding(
                "id-mapped-overlay", facts.mappedOverlay, works: "works below \(facts.overlayPlace)",
                needed: "overlayfs over ID-mapped lower directories below \(facts.overlayPlace)",
                remedy: "put containerd's root on ext4, xfs or btrfs; modprobe overlay"),
            Finding(
                "seccomp-notification", facts.seccompActions.contains("user_notif"),
                found: facts.seccompActions.isEmpty ? "no seccomp" : facts.seccompActions.joined(separator: " "),
                needed: "user_notif among the seccomp actions", remedy: "a kernel with CONFIG_SECCOMP_FILTER"),
        ] + runtime(facts)
    }

    /// Of kernels that cannot ID-map tmpfs. The kubelet gives a token the mode 0600 where a pod says which user or group it runs as.
    private static let limit = "before 6.3 secrets and tokens of mode 0400 or 0600 (runAsUser, fsGroup) cannot be read in pods"

    static func kernel(_ release: String) -> Finding {
        let numbers = release.split(whereSeparator: { !$0.isNumber }).prefix(2).compactMap { Int($0) }
        let (major, minor) = (numbers.first ?? 0, numbers.count > 1 ? numbers[1] : 0)
        let found = (major, minor) >= (6, 3) ? release : release + "; \(limit)"
        return Finding(
            "kernel", (major, minor) >= (6, 1), found: found, needed: "6.1 or later", remedy: "boot a newer kernel")
    }

    private static func cgroups(_ facts: Facts) -> Finding {
        let found =
            switch (facts.hasCgroup2, facts.cgroup1.isEmpty) {
            case (true, true): "v2 at /sys/fs/cgroup"
            case (_, false): "v1 at \(facts.cgroup1.joined(separator: ", "))"
            case (false, true): "no cgroup file system at /sys/fs/cgroup"
            }
        return Finding(
            "cgroup-v2", facts.hasCgroup2 && facts.cgroup1.isEmpty, found: found, needed: "v2 alone",
            remedy: "boot with systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all")
    }

    private static func controllers(_ facts: Facts) -> Finding {
        let needed = ["cpu", "cpuset", "io", "memory", "pids"]
        let missing = needed.filter { !facts.controllers.contains($0) }
        return Finding(
            "cgroup-controllers", missing.isEmpty, found: facts.controllers.isEmpty ? "none" : facts.controllers.joined(separator: " "),
            needed: needed.joined(separator: " "),
            remedy: "missing: \(missing.joined(separator: " ")); see cgroup_disable= on the kernel command line")
    }
}
