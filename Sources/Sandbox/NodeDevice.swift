import Glibc
import Linux
import OCI
import SystemPackage

/// A device node of the node on its way into a vNode. Its owner is nobody in there, so that it works as far as others may use it.
final class NodeDevice {
    let device: Device
    private let tree: OwnedFD

    /// In the node's mount namespace.
    init(_ device: Device) throws(Failure) {
        self.device = device
        let origin = "--device \(device.source)"
        let place = try attempt(origin) { () throws(Errno) in try NodePlace(device.source) }
        guard place.kind == S_IFCHR || place.kind == S_IFBLK else {
            throw Failure("\(origin): not a device: give files and directories with --volume")
        }
        tree = try attempt(origin) { () throws(Errno) in try Mounts.copyTree(of: place.descriptor) }
    }

    func put(at path: String) throws(Failure) {
        try MountStep.perform([.file(path)], "staging \(device.source)")
        try attempt("staging \(device.source)", path) { () throws(Errno) in try Mounts.attach(tree, to: path) }
    }

    /// What the engine's device filter has to let through for the device that was put at `path`.
    static func rule(at path: String) throws(Failure) -> OCI.Linux.DeviceRule {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw Failure("looking at", path, Errno(rawValue: errno)) }
        return rule(status.st_rdev, isBlock: status.st_mode & S_IFMT == S_IFBLK)
    }

    static func rule(_ number: dev_t, isBlock: Bool) -> OCI.Linux.DeviceRule {
        let major = (number >> 8 & 0xfff) | (number >> 32 & ~0xfff)
        let minor = (number & 0xff) | (number >> 12 & ~0xff)
        return OCI.Linux.DeviceRule(
            allow: true, type: isBlock ? "b" : "c", major: Int64(clamping: major), minor: Int64(clamping: minor & 0xffff_ffff), access: "rw"
        )
    }
}
