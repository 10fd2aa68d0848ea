import CLinux
import Glibc
import Linux
public import NodeConfiguration
import SystemPackage

extension Facts {
    /// Looks at this node. Only for a process with one thread.
    public static func collect(_ configured: NodeConfiguration) -> Facts {
        let place = Directories.kind(configured.containerdRoot) == .directory ? configured.containerdRoot : "/var/tmp"
        let kubelet = kubeletArguments()
        let isRoot = geteuid() == 0
        return Facts(
            kernel: text("/proc/sys/kernel/osrelease") ?? "unknown",
            hasCgroup2: mounts.contains { $0.type == "cgroup2" && $0.place == "/sys/fs/cgroup" },
            cgroup1: mounts.filter { $0.type == "cgroup" }.map(\.place),
            controllers: (text("/sys/fs/cgroup/cgroup.controllers") ?? "").split(separator: " ").map(String.init),
            containerd: containerd(), kubeletEndpoint: kubeletEndpoint(kubelet),
            otherSockets: ["/run/crio/crio.sock", "/run/cri-dockerd.sock", "/var/run/dockershim.sock", "/run/docker.sock"].filter {
                unsafe access($0, F_OK) == 0
            },
            fuse: attempt { () throws(Errno) in _ = try Files.open("/dev/fuse", flags: O_RDWR) },
            userNamespace: attempt { () throws(Errno) in try Trial.make(.user) },
            mappedOverlay: isRoot ? Trial.mappedOverlay(below: place) : .notTried("needs root"), overlayPlace: place,
            timeNamespace: isRoot ? attempt { () throws(Errno) in try Trial.make(.time) } : .notTried("needs root"),
            seccompActions: (text("/proc/sys/kernel/seccomp/actions_avail") ?? "").split(separator: " ").map(String.init),
            configured: configured, engineVersion: engineVersion(configured.engine), kubeletDirectory: value(in: kubelet, "--root-dir"),
            hasSELinux: text("/sys/fs/selinux/enforce") != nil)
    }

    private static func engineVersion(_ name: String) -> String? {
        guard let path = name.contains("/") ? name : ProgramOutput.find(name),
            let said = try? ProgramOutput.of([path, "--version"]), said.status == 0
        else { return nil }
        return said.output
    }

    static func text(_ path: String) -> String? {
        guard let bytes = try? Files.read(path) else { return nil }
        return String(Substring(decoding: bytes, as: UTF8.self).trimming { $0.isWhitespace })
    }

    private static func attempt(_ body: () throws(Errno) -> Void) -> Attempt {
        do throws(Errno) {
            try body()
            return .works
        } catch { return .fails(error.name) }
    }

    private static var mounts: [(place: String, type: String)] {
        (text("/proc/self/mounts") ?? "").split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            return fields.count > 2 ? (String(fields[1]), String(fields[2])) : nil
        }
    }

    private static func containerd() -> Containerd? {
        guard let path = ProgramOutput.find("containerd") else { return nil }
        let version = try? ProgramOutput.of([path, "--version"])
        let dump = try? ProgramOutput.of([path, "config", "dump"])
        let said = version.map { $0.output + $0.errors } ?? "cannot be executed"
        return Containerd(
            path: path, version: String(Substring(said).trimming { $0.isWhitespace }),
            configuration: dump.flatMap { $0.status == 0 ? $0.output : nil })
    }

    /// Of the running kubelet, or of the files kubeadm gives it.
    private static func kubeletEndpoint(_ arguments: [String]) -> String? {
        let flag = "--container-runtime-endpoint"
        if let endpoint = value(in: arguments, flag) { return endpoint }
        if let line = text("/var/lib/kubelet/kubeadm-flags.env") {
            if let endpoint = value(in: line.split { " \"".contains($0) }.map(String.init), flag) { return endpoint }
        }
        for line in (text("/var/lib/kubelet/config.yaml") ?? "").split(separator: "\n") where line.hasPrefix("containerRuntimeEndpoint:") {
            let value = line.dropFirst("containerRuntimeEndpoint:".count).trimming { " \"'".contains($0) }
            if !value.isEmpty { return String(value) }
        }
        return nil
    }

    /// None when no kubelet runs.
    private static func kubeletArguments() -> [String] {
        let processes = (try? Directories.list("/proc")) ?? []
        let kubelet = processes.first { $0.name.allSatisfy(\.isNumber) && text("/proc/\($0.name)/comm") == "kubelet" }
        return (kubelet.flatMap { text("/proc/\($0.name)/cmdline") } ?? "").split(separator: "\0").map(String.init)
    }

    private static func value(in arguments: [String], _ flag: String) -> String? {
        for (index, argument) in arguments.enumerated() {
            if argument.hasPrefix(flag + "=") { return String(argument.dropFirst(flag.count + 1)) }
            if argument == flag, index + 1 < arguments.count { return arguments[index + 1] }
        }
        return nil
    }
}
