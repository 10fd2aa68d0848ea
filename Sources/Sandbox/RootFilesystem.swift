import Glibc
import Linux
import SystemPackage

/// The root filesystem of an inner container, staged at `<top>/rootfs`.
enum RootFilesystem {
    /// A private root with a read-only view of the machine's programs.
    static func stageMachine(top: String, owner: UInt32, hostname: String) throws(Failure) {
        let root = top + "/rootfs"
        let layout = NodeLayout.read()
        try MountStep.perform(skeleton(root: root, owner: owner, layout: layout), "staging the root filesystem")
        for name in layout.places.filter({ $0.place == .directory }).map(\.name) + ["usr"] + (layout.hasOpt ? ["opt"] : []) {
            // Not ID-mapped: root of the vNode would read what on the node only root may.
            try MountStep.perform([.bind("/" + name, over: "\(root)/\(name)", readOnly: true)], "staging the root filesystem")
        }
        let found = MachineEtc.found("/node/etc")
        let etc = MachineEtc.steps(
            etc: root + "/etc", node: "/node/etc", owner: owner, hostname: hostname, directories: found.directories, copies: found.copies)
        try MountStep.perform(etc, "staging /etc")
        // Certificates, but not the private keys beside them.
        if Directories.kind("/node/etc/ssl/certs") == .directory {
            try MountStep.perform(
                [
                    .directory("\(root)/etc/ssl", owner: owner), .directory("\(root)/etc/ssl/certs", owner: owner),
                    .bind("/node/etc/ssl/certs", over: "\(root)/etc/ssl/certs", readOnly: true),
                ], "staging /etc")
        }
    }

    static func skeleton(root: String, owner: UInt32, layout: NodeLayout) -> [MountStep] {
        var steps: [MountStep] = [
            .directory(root), .filesystem("tmpfs", at: root, [.noDevices], options: "mode=755,uid=\(owner),gid=\(owner)"),
        ]
        for name in ["usr", "etc", "dev", "proc", "sys", "run", "var", "root", "home", "mnt", "var/tmp", "var/log", "var/lib"] {
            steps.append(.directory("\(root)/\(name)", owner: owner))
        }
        steps += [.directory("\(root)/tmp", mode: 0o1777, owner: owner)]
        if layout.hasOpt { steps.append(.directory("\(root)/opt", owner: owner)) }
        for (name, place) in layout.places {
            switch place {
            case .link(let target): steps.append(.link("\(root)/\(name)", to: target, owner: owner))
            case .directory: steps.append(.directory("\(root)/\(name)", owner: owner))
            }
        }
        return steps
    }

    /// A directory of the node as lower layer, never written; what the container writes is kept in memory.
    static func stageDirectory(_ node: String, top: String, owner: UInt32, users: borrowing OwnedFD) throws(Failure) {
        let lower = top + "/lower"
        let layers = top + "/layers"
        try MountStep.perform(
            [
                .directory(lower), .directory(layers), .filesystem("tmpfs", at: layers, [.noDevices], options: "mode=755"),
                .directory(layers + "/upper", owner: owner), .directory(layers + "/work"), .directory(top + "/rootfs"),
            ], "staging the root filesystem")
        do throws(Errno) {
            try Mounts.bindMapped("/node/rootfs", on: lower, userNamespace: users, readOnly: true)
        } catch {
            throw Failure("mapping the owners of --rootfs", node, error, remedy: "its filesystem cannot be ID-mapped on this kernel")
        }
        try attempt("staging the root filesystem", top + "/rootfs") { () throws(Errno) in
            try Mounts.mount(
                "vnode", on: top + "/rootfs", type: "overlay", [.noDevices],
                data: "lowerdir=\(lower),upperdir=\(layers)/upper,workdir=\(layers)/work")
        }
        for name in ["proc", "sys", "dev"] where Directories.kind("\(top)/rootfs/\(name)") == nil {
            try MountStep.perform([.directory("\(top)/rootfs/\(name)", owner: owner)], "staging the root filesystem")
        }
    }

    /// A directory that is to be a root filesystem, taken before anything is made. Mounts below it do not come along.
    static func take(_ path: String) throws(Failure) -> NodeTree {
        let tree = try NodeTree(path, origin: "--rootfs \(path)", recursive: false)
        guard tree.isDirectory else { throw Failure("--rootfs", path, .notDirectory) }
        return tree
    }
}
