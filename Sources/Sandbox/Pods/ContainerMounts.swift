import Glibc
import Linux
import SystemPackage

/// Volumes and files of a container on their way from the node, or from the outer container, to where the engine binds them.
final class ContainerMounts {
    private struct Taken {
        let source: BundleRewrite.Source
        let tree: CInt
        let isDirectory: Bool
        /// A second copy, for the outer container.
        let shown: CInt?
    }

    private let owner: UInt32
    private let fromOuter: [(source: BundleRewrite.Source, isFile: Bool)]
    private var taken: [Taken] = []
    /// `part`: the way within one, empty for all of it.
    private var images: [(source: BundleRewrite.Source, tree: RootTree, part: String)] = []
    /// Where something is shown in the outer container.
    var shownAt: [String] { taken.compactMap { $0.shown == nil ? nil : $0.source.shownAt } }

    /// On the node: takes what is the node's, its owners shifted where its filesystem can do that. tmpfs can from Linux 6.3 on, and what
    /// cannot is bound as it is: its files are then nobody's, and their "other" permissions decide.
    init(
        _ sources: [BundleRewrite.Source], in table: MountTable, owner: UInt32, users: borrowing OwnedFD, _ log: RuntimeLog
    ) throws(Failure) {
        self.owner = owner
        fromOuter = sources.compactMap { source in
            guard case .outer(let path) = source.origin else { return nil }
            var information = stat()
            return (source, unsafe stat(path, &information) == 0 && information.st_mode & S_IFMT != S_IFDIR)
        }
        for source in sources {
            guard case .node(let place) = source.origin else { continue }
            if place.isImage {
                let (image, part) = place.splitImage
                let tree = try RootTree(
                    "\(place.base)/\(image)", in: table, owner: owner, users: users, "staging \(source.destination)")
                images.append((source, tree, part))
            } else {
                try take(source, place, in: table, users, log)
            }
        }
    }

    deinit {
        for one in taken {
            _ = close(one.tree)
            if let shown = one.shown { _ = close(shown) }
        }
    }

    private func take(
        _ source: BundleRewrite.Source, _ place: ManagedPaths.Place, in table: MountTable, _ users: borrowing OwnedFD, _ log: RuntimeLog
    ) throws(Failure) {
        let path = place.base + "/" + place.rest
        let plugin = try SubPaths.plugin(place, in: table, destination: source.destination) ?? place.plugin
        let isReadOnly = plugin.map { ManagedPaths.isWrittenByKubelet(plugin: $0) } ?? false
        let found = try attempt("staging \(source.destination)", path) { () throws(Errno) in
            let base = try Files.open(place.base, flags: Files.place | O_DIRECTORY)
            return try Files.openBeneath(place.rest, base)
        }
        var information = stat()
        var unmapped: Errno?
        let first = try attempt("staging \(source.destination)", path) { () throws(Errno) in
            _ = try check(unsafe fstat(found.raw, &information))
            // procfs and sysfs: of no use to kubelet and containerd, and of the node whoever has put them there.
            if [0x9fa0, 0x6265_6572].contains(try Files.fileSystem(of: found)) { throw .notPermitted }
            return try ContainerMounts.mapped(found, users, readOnly: isReadOnly, &unmapped).release()
        }
        if let unmapped {
            log.warning(
                "staging \(source.destination): \(path): \(unmapped.name): cannot be ID-mapped: its files are nobody's in the vNode")
        }
        var shown: CInt?
        if source.shownAt != nil {
            shown = try attempt("staging \(source.destination)", path) { () throws(Errno) in
                try ContainerMounts.mapped(found, users, readOnly: isReadOnly, &unmapped).release()
            }
        }
        taken.append(Taken(source: source, tree: first, isDirectory: information.st_mode & S_IFMT == S_IFDIR, shown: shown))
    }

    /// `unmapped` is why it is as it is.
    private static func mapped(
        _ place: borrowing OwnedFD, _ users: borrowing OwnedFD, readOnly: Bool, _ unmapped: inout Errno?
    ) throws(Errno) -> OwnedFD {
        let tree = try MountTree(place)
        do throws(Errno) { try tree.mapIDs(users.raw) } catch {
            guard error == .invalidArgument || error == .notPermitted else { throw error }
            unmapped = error
            // Device nodes in it have the node's owners, and are none of the vNode's.
            try tree.setNoDevices()
        }
        if readOnly { try tree.setReadOnly() }
        return OwnedFD(taking: tree.release())
    }

    /// In staging: puts everything where the engine binds it.
    func stage(_ top: String, in vnode: Inside) throws(Failure) {
        try MountStep.perform([.directory(top + "/mounts")], "staging")
        for one in taken {
            try ContainerMounts.place(one.tree, one.source, isDirectory: one.isDirectory)
        }
        for (source, tree, part) in images { try ContainerMounts.stage(tree, part, source) }
        var trees: [(source: BundleRewrite.Source, tree: CInt, isDirectory: Bool)] = []
        defer { for one in trees { _ = close(one.tree) } }
        guard !fromOuter.isEmpty || taken.contains(where: { $0.shown != nil }) else { return }
        try vnode.inOuter { () throws(Failure) in
            for one in taken {
                guard let shown = one.shown, let path = one.source.shownAt else { continue }
                try show(shown, at: path)
            }
            for (source, isFile) in fromOuter {
                guard case .outer(let path) = source.origin else { continue }
                let place = try find(path, isFile: isFile, source.destination)
                var information = stat()
                let tree = try attempt("staging \(source.destination)", path) { () throws(Errno) in
                    _ = try check(unsafe fstat(place.raw, &information))
                    return try MountTree(place, recursive: true).release()
                }
                trees.append((source, tree, information.st_mode & S_IFMT == S_IFDIR))
            }
        }
        for one in trees { try ContainerMounts.place(one.tree, one.source, isDirectory: one.isDirectory) }
    }

    /// Read-only: it is the node's, and other pods'.
    private static func stage(_ image: RootTree, _ part: String, _ source: BundleRewrite.Source) throws(Failure) {
        let label = "staging \(source.destination)"
        let directory = source.target.lastIndex(of: "/").map { String(source.target[..<$0]) } ?? ""
        try MountStep.perform([.directory(directory)], label)
        try image.stage(directory)
        try attempt(label, directory + RootTree.name) { () throws(Errno) in try Mounts.setReadOnly(directory + RootTree.name) }
        if part.isEmpty { return }
        var information = stat()
        let tree = try attempt(label, part) { () throws(Errno) in
            let root = try Files.open(directory + RootTree.name, flags: Files.place | O_DIRECTORY)
            let place = try Files.openBeneath(part, root)
            _ = try check(unsafe fstat(place.raw, &information))
            return try MountTree(place).release()
        }
        defer { _ = close(tree) }
        try ContainerMounts.place(tree, source, isDirectory: information.st_mode & S_IFMT == S_IFDIR)
    }

    private static func place(_ tree: CInt, _ source: BundleRewrite.Source, isDirectory: Bool) throws(Failure) {
        try MountStep.perform([isDirectory ? .directory(source.target) : .file(source.target)], "staging \(source.destination)")
        try attempt("staging \(source.destination)", source.target) { () throws(Errno) in try MountTree.move(tree, to: source.target) }
    }

    /// A path of the outer container. A directory that is missing is made; a file that the node has and the vNode has not is an error.
    private func find(_ path: String, isFile: Bool, _ destination: String) throws(Failure) -> OwnedFD {
        let stage = "staging \(destination)"
        let root = try attempt(stage, "/") { () throws(Errno) in try Files.open("/", flags: O_RDONLY | O_DIRECTORY) }
        do throws(Errno) { return try Files.openInside(path, root: root) } catch {
            guard error == .noSuchFileOrDirectory, !isFile else {
                throw Failure(stage, path, error, remedy: "a hostPath is a path of the vNode, not of the node")
            }
        }
        return try attempt(stage, path) { () throws(Errno) in try Directories.makeInside(path, root: root, owner: owner) }
    }

    private func show(_ tree: CInt, at path: String) throws(Failure) {
        try attempt("showing in the outer container", path) { () throws(Errno) in
            let root = try Files.open("/", flags: O_RDONLY | O_DIRECTORY)
            let place = try Directories.makeInside(path, root: root, owner: owner)
            try MountTree.move(tree, to: place)
        }
    }
}
