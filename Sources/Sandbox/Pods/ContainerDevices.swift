import Glibc
import Linux
import OCI
import SystemPackage

/// Device nodes of the node that a container was given. In a user namespace the engine binds them from the path they get in the
/// container, which is no path of staging: they are made there, and bound like everything else.
///
/// They belong to the node's root, who is nobody in the vNode: "other" permissions decide.
struct ContainerDevices: Equatable {
    struct Device: Equatable {
        var target: String
        var kind: mode_t
        var major: UInt32
        var minor: UInt32
        var mode: UInt32

        /// As makedev(3), a macro, has it.
        var number: dev_t {
            let (major, minor) = (UInt64(major), UInt64(minor))
            let low: UInt64 = (minor & 0xff) | (major & 0xfff) << 8
            let high: UInt64 = (minor >> 8) << 20 | (major >> 12) << 44
            return dev_t(low | high)
        }
    }

    private(set) var devices: [Device] = []
    /// What the engine is to bind.
    private(set) var mounts: [JSON] = []

    /// Those the engine makes in every container.
    private static let usual = Set(["null", "zero", "full", "random", "urandom", "tty", "console", "ptmx"].map { "/dev/" + $0 })

    init(_ entries: [JSON], top: String) throws(Failure) {
        for entry in entries {
            guard let path = entry["path"]?.string, path.hasPrefix("/") else { throw Failure("linux.devices: an entry without a path") }
            if ContainerDevices.usual.contains(path) { continue }
            let kind: mode_t
            switch entry["type"]?.string {
            case "c", "u": kind = S_IFCHR
            case "b": kind = S_IFBLK
            case "p": kind = S_IFIFO
            case let other: throw Failure("linux.devices: \(path): \"\(other ?? "")\" is no type of device")
            }
            guard let major = UInt32(exactly: entry["major"]?.integer ?? 0), let minor = UInt32(exactly: entry["minor"]?.integer ?? 0),
                let mode = UInt32(exactly: entry["fileMode"]?.integer ?? 0o666)
            else { throw Failure("linux.devices: \(path): numbers out of range") }
            // The node's log, which containerd gives to privileged pods with all other devices: a node may let everybody read it.
            if kind == S_IFCHR, (major, minor) == (1, 11) { continue }
            let target = "\(top)/devices/\(devices.count)"
            devices.append(Device(target: target, kind: kind, major: major, minor: minor, mode: mode & 0o777))
            mounts.append([
                "destination": .string(path), "type": "bind", "source": .string(target), "options": ["bind", "nosuid", "noexec"],
            ])
        }
    }

    /// In staging.
    func stage(_ top: String) throws(Failure) {
        if devices.isEmpty { return }
        try MountStep.perform([.directory(top + "/devices")], "staging devices")
        for device in devices {
            try attempt("staging a device", "\(device.target) (\(device.major):\(device.minor))") { () throws(Errno) in
                _ = try check(unsafe mknod(device.target, device.kind | device.mode, device.number))
                // mknod obeys the umask.
                _ = try check(unsafe chmod(device.target, device.mode))
            }
        }
    }
}
