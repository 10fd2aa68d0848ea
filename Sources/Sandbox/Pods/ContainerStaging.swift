import Glibc
import Linux
import OCI
import SystemPackage

/// The root filesystem of a bundle, or an image as a volume, taken on the node and put into staging.
struct RootTree {
    /// Where below the directory it is staged in.
    static let name = "/rootfs"
    /// Where what is only a part of it is.
    static let part = "/part"

    /// The lower layers, the topmost first, their owners shifted; or the whole root alone.
    private let layers: MountTrees
    /// The directory upper and work lie in, and their ways from there.
    private let writable: MountTrees
    private let upper: String
    private let work: String
    private let isOverlay: Bool
    private let options: [String]
    /// For messages.
    private let label: String

    /// Takes what the mount table has at `path`. An overlay is taken apart, because it cannot be ID-mapped itself: its lower layers are.
    init(
        _ path: String, in table: MountTable, owner: UInt32, users: borrowing OwnedFD, _ label: String = "staging the root filesystem"
    ) throws(Failure) {
        self.label = label
        guard let mount = table.mount(at: path), mount.type == "overlay", let overlay = OverlayLayers(options: mount.options) else {
            layers = try MountTrees([path], users: users.raw, label)
            writable = MountTrees()
            (upper, work, isOverlay, options) = ("", "", false, [])
            return
        }
        if overlay.isLabelled {
            throw Failure(
                "\(label): \(path): its files have a label of SELinux (context=), which is not supported: set "
                    + "enable_selinux = false in containerd's configuration")
        }
        layers = try MountTrees(overlay.lower, users: users.raw, label)
        isOverlay = true
        // It is mounted by the shim as well: with an index the second mount of an upper layer is EBUSY.
        options = overlay.options + ["index=off"]
        guard let upper = overlay.upper, var work = overlay.work else {
            writable = MountTrees()
            (self.upper, self.work) = ("", "")
            return
        }
        try RootTree.give(upper, to: owner, label)
        if overlay.isVolatile {
            // The shim's has a mark in its work directory, which says that the upper layer may not have reached the disk: EINVAL. One beside
            // it goes with the snapshot, and is made anew for a container that starts again.
            work += ".vnode"
            try attempt(label, work) { () throws(Errno) in
                try Directories.removeTree(work)
                try Directories.make(work, mode: 0o700)
            }
        }
        let common = RootTree.common(upper, work)
        writable = try MountTrees([common], users: nil, label)
        self.upper = String(upper.dropFirst(common.count + 1))
        self.work = String(work.dropFirst(common.count + 1))
    }

    /// The upper layer of a new container is empty and the node's root's. One that has been written to by a vNode keeps that one's ids.
    private static func give(_ upper: String, to owner: UInt32, _ label: String) throws(Failure) {
        var information = stat()
        try attempt(label, upper) { () throws(Errno) in _ = try check(unsafe stat(upper, &information)) }
        if information.st_uid == owner { return }
        let entries = try attempt(label, upper) { () throws(Errno) in try Directories.list(upper) }
        guard entries.isEmpty else {
            throw Failure(
                "\(label): \(upper): what was written there belongs to the ids of \(information.st_uid), this vNode has "
                    + "\(owner): make the container anew")
        }
        try attempt("giving the upper layer to the vNode", upper) { () throws(Errno) in
            try Directories.setOwner(upper, uid: owner, gid: owner)
        }
    }

    /// The directory both are in.
    private static func common(_ one: String, _ other: String) -> String {
        let pairs = zip(one.split(separator: "/").dropLast(), other.split(separator: "/").dropLast())
        return pairs.prefix { $0 == $1 }.map { "/" + $0.0 }.joined()
    }

    /// Puts it at `<top>/rootfs`; `top` is there. Only in staging.
    func stage(_ top: String) throws(Failure) {
        try MountStep.perform(["rootfs", "lower", "layers"].map { .directory("\(top)/\($0)") }, label)
        guard isOverlay else {
            try layers.move(0, to: top + "/rootfs", label)
            return
        }
        // Short and relative: the options of a mount have to fit on a page.
        for index in 0..<layers.count {
            try MountStep.perform([.directory("\(top)/lower/\(index)")], label)
            try layers.move(index, to: "\(top)/lower/\(index)", label)
        }
        var data = "lowerdir=" + (0..<layers.count).map(String.init).joined(separator: ":")
        if writable.count > 0 {
            try writable.move(0, to: top + "/layers", label)
            data += ",upperdir=../layers/\(upper),workdir=../layers/\(work)"
        }
        data = ([data] + options).joined(separator: ",")
        try attempt(label, top + "/rootfs") { () throws(Errno) in
            _ = try check(unsafe chdir(top + "/lower"))
            defer { _ = unsafe chdir("/") }
            if writable.count == 0, layers.count == 1 {
                // An overlay has two layers at least.
                try Mounts.mount("0", on: "../rootfs", [.bind])
            } else {
                try Mounts.mount("vnode", on: "../rootfs", type: "overlay", [.noDevices], data: data)
            }
        }
    }
}

/// Copies of mounts of the node, on their way.
final class MountTrees {
    private var trees: [Int32] = []
    let count: Int

    init() { count = 0 }

    /// Their owners are shifted by the maps of `users`, unless that is nil.
    init(_ paths: [String], users: CInt?, _ stage: String) throws(Failure) {
        count = paths.count
        for path in paths {
            let tree = try attempt(stage, path) { () throws(Errno) in try MountTree(path) }
            if let users {
                do throws(Errno) { try tree.mapIDs(users) } catch {
                    throw Failure(stage + ": mapping owners", path, error, remedy: "its filesystem cannot be ID-mapped on this kernel")
                }
            }
            trees.append(tree.release())
        }
    }

    func move(_ index: Int, to path: String, _ stage: String) throws(Failure) {
        let raw = trees[index]
        try attempt(stage, path) { () throws(Errno) in try MountTree.move(raw, to: path) }
    }

    deinit { for tree in trees { _ = close(tree) } }
}
