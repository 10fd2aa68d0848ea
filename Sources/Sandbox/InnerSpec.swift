import OCI
import Seccomp

/// The OCI bundle of an inner container.
enum InnerSpec {
    /// `top` is its directory in staging, `initPID` the vNode's first process, `cgroupsPath` below the cgroup2 root, `listener` the
    /// socket for the descriptor of brokered system calls.
    static func make(
        command: [String], terminal: Bool, hostname: String, top: String, initPID: Int32, uidBase: UInt32, cgroupsPath: String,
        listener: String, hasCgroupDirectory: Bool, environment: [String], consoleSize: Process.ConsoleSize? = nil
    ) -> Spec {
        var mounts = [
            Mount("/proc", type: "bind", source: top + "/proc", options: ["rbind", "nosuid", "nodev", "noexec"]),
            Mount("/sys", type: "bind", source: top + "/sys", options: ["rbind", "nosuid", "nodev", "noexec"]),
            Mount("/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            Mount(
                "/dev/pts", type: "devpts", source: "devpts",
                options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
            Mount("/dev/shm", type: "bind", source: "/shm", options: ["bind", "nosuid", "nodev"]),
            Mount("/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"]),
        ]
        if hasCgroupDirectory {
            mounts.append(Mount("/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev", "relatime"]))
        }
        // The network and time namespaces are entered before the engine runs: it could not join them from inside the user namespace.
        let joined: [(Linux.Namespace.Kind, String)] = [(.user, "user"), (.pid, "pid"), (.ipc, "ipc"), (.uts, "uts")]
        let namespaces =
            joined.map { Linux.Namespace($0.0, path: "/proc/\(initPID)/ns/\($0.1)") } + [Linux.Namespace(.mount), Linux.Namespace(.cgroup)]
        return Spec(
            process: Process(
                args: command, env: environment, terminal: terminal, capabilities: Process.Capabilities(Capability.all),
                consoleSize: consoleSize),
            root: Root(path: top + "/rootfs"), mounts: mounts,
            linux: Linux(
                namespaces: namespaces, mappings: [Linux.IDMapping(containerID: 0, hostID: uidBase, size: IDRange.size)],
                cgroupsPath: cgroupsPath, seccomp: Section.make(listener: listener)))
    }

    /// Binds what is staged of the node's directories.
    static func add(volumes: [Volume], to spec: inout Spec) {
        spec.mounts?.append(
            contentsOf: volumes.enumerated().map { index, volume in
                Mount(volume.destination, type: "bind", source: Volume.place(index), options: ["rbind", "rprivate"])
            })
    }

    /// The same for devices, and lets them through the engine's filter.
    static func add(devices: [Device], to spec: inout Spec, rule: (String) throws(Failure) -> Linux.DeviceRule) throws(Failure) {
        if devices.isEmpty { return }
        var rules: [Linux.DeviceRule] = []
        for (index, device) in devices.enumerated() {
            spec.mounts?.append(Mount(device.destination, type: "bind", source: Device.place(index), options: ["bind"]))
            rules.append(try rule(Device.place(index)))
        }
        spec.linux?.resources = Linux.Resources(devices: rules)
    }

    static func environment(hostname: String, terminal: String?, home: String = "/root") -> [String] {
        ["PATH=" + Programs.path, "HOME=" + home, "HOSTNAME=" + hostname, "TERM=" + (terminal ?? "xterm")]
    }
}
