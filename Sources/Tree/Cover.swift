/// One over-mount of a view: what is bound over which entry of a real procfs, or over a live file of the sysfs view.
public struct Cover: Sendable, Equatable {
    /// Which of the two FUSE connections serves it.
    public enum Connection: String, Sendable, Codable {
        case `static`, live
    }

    /// Below the view's top: `proc/meminfo`.
    public let target: String
    public let connection: Connection
    /// Below the view's top on that connection: `proc/meminfo`, or `cover/file`.
    public let source: String
    public let isDirectory: Bool

    public init(target: String, connection: Connection, source: String, isDirectory: Bool) {
        self.target = target
        self.connection = connection
        self.source = source
        self.isDirectory = isDirectory
    }

    static let directory = "cover"

    /// What is bound below `/proc/sys/net`, from inside the vNode's network namespace.
    public static let net: [NetCover] = [
        NetCover("net/core", isDirectory: true), NetCover("net/core/rmem_default"), NetCover("net/core/rmem_max"),
        NetCover("net/core/wmem_default"), NetCover("net/core/wmem_max"), NetCover("net/ipv4/tcp_ehash_entries"),
        NetCover("net/ipv4/udp_hash_entries"), NetCover("net/ipv4/vs/sync_qlen_max"), NetCover("net/ipv4/vs/est_cpulist"),
        NetCover("net/netfilter/nf_conntrack_max"),
        NetCover("net/netfilter/nf_conntrack_expect_max"), NetCover("net/netfilter/nf_conntrack_buckets"),
    ]

    /// The same for a network namespace that is not the vNode's.
    public static let preparedNet: [NetCover] =
        net + Table.sysctlsOfPreparedNet.map { NetCover(String($0.path.dropFirst("/proc/sys/".count))) }

    /// What is bound over entries no row decided.
    static let rows: [Row] = [
        Row("/cover/file", kind: .file, policy: .deny, source: "default deny", mode: 0o000, owner: .nobody),
        Row("/cover/directory", kind: .directory, policy: .empty, source: "default deny", mode: 0o555),
    ]
}

/// An over-mount of what is the kernel's own otherwise.
public struct NetCover: Sendable {
    public let path: String
    public let cover: Cover

    /// A file is covered where there is one, a directory where it is empty.
    init(_ name: String, isDirectory: Bool = false) {
        path = "/proc/sys/" + name
        cover = Cover(target: "proc/sys/" + name, connection: .live, source: "proc/sys/" + name, isDirectory: isDirectory)
    }
}

/// One entry found in a real procfs at staging time.
public struct RealEntry: Sendable {
    public let name: String
    public let isDirectory: Bool
    public let isSymlink: Bool

    public init(name: String, isDirectory: Bool, isSymlink: Bool) {
        self.name = name
        self.isDirectory = isDirectory
        self.isSymlink = isSymlink
    }
}

extension Catalog {
    /// Which connection serves a file.
    public func connection(of entry: Int) -> Cover.Connection {
        guard let row = entries[entry].row, row.kind == .file else { return .static }
        return row.freshness == .onEvent ? .static : .live
    }

    /// Every over-mount that turns a real procfs into the view's `/proc`. `list` gives the entries of a directory of it
    /// (path below the view's top). Default deny: what no row decides is covered.
    public func covers<Failure: Error>(procfs list: (String) throws(Failure) -> [RealEntry]) throws(Failure) -> [Cover] {
        guard let proc = place(at: "proc") else { return [] }
        return try covers(directory: proc, path: "proc", list: list)
    }

    private func covers<Failure: Error>(
        directory: Place, path: String, list: (String) throws(Failure) -> [RealEntry]
    ) throws(Failure) -> [Cover] {
        var found: [Cover] = []
        for real in try list(path) {
            // A process directory is the kernel's own answer for this PID namespace.
            if path == "proc", real.name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { continue }
            let target = path + "/" + real.name
            let child = entries[directory.entry].children.first { entries[$0].pattern == nil && Catalog.equal(entries[$0].name, real.name) }
            guard let child else {
                // A symlink cannot be a mount point; what it points to is decided where it is.
                if !real.isSymlink { found.append(denial(target, real)) }
                continue
            }
            switch entries[child].row?.policy {
            case .namespaced where !isServed(child): continue
            case .pass: continue
            case .deny: found.append(denial(target, real))
            case .emulate, .constant, .empty, .namespaced, nil:
                if real.isSymlink { continue }
                if (entries[child].kind == .directory) != real.isDirectory {
                    found.append(denial(target, real))
                } else if isWholeOurs(child) {
                    found += liveAndStatic(child, path: target)
                } else {
                    found += try covers(directory: Place(entry: child, instance: 0), path: target, list: list)
                }
            }
        }
        return found
    }

    /// Directories below `/sys` that a real sysfs of the view's namespaces is bound over, below the view's top.
    public var sysfsMountPoints: [String] {
        entries.compactMap { $0.row }.filter { $0.policy == .namespaced && $0.isMountPoint }.map { String($0.path.dropFirst()) }
    }

    /// Over-mounts of live files inside the sysfs view, whose root is the static connection itself.
    public func sysfsCovers() -> [Cover] {
        guard let sys = place(at: "sys") else { return [] }
        return Array(liveAndStatic(sys.entry, path: "sys").dropFirst())
    }

    private func denial(_ target: String, _ real: RealEntry) -> Cover {
        Cover(
            target: target, connection: .static, source: real.isDirectory ? "cover/directory" : "cover/file",
            isDirectory: real.isDirectory)
    }

    /// Whether nothing below is left to the kernel, so that one mount covers it all.
    private func isWholeOurs(_ entry: Int) -> Bool {
        isServed(entry) && entries[entry].children.allSatisfy(isWholeOurs)
    }

    private func files(below entry: Int) -> [Int] {
        entries[entry].kind == .file ? [entry] : entries[entry].children.flatMap(files)
    }

    /// Whether what a pattern in the directory stands for has live files. It comes and goes, and no mount follows: so all of the
    /// directory is served by the live connection, static files with an open of their own.
    private func hasLivePattern(_ entry: Int) -> Bool {
        entries[entry].children.contains { child in
            entries[child].pattern != nil && files(below: child).contains { connection(of: $0) == .live }
        }
    }

    /// One mount where one connection serves everything below; else the static one with the live files over it.
    private func liveAndStatic(_ entry: Int, path: String) -> [Cover] {
        let below = files(below: entry)
        let isDirectory = entries[entry].kind == .directory
        let live = below.filter { connection(of: $0) == .live }
        if !live.isEmpty, live.count == below.count || hasLivePattern(entry) {
            return [Cover(target: path, connection: .live, source: path, isDirectory: isDirectory)]
        }
        var found = [Cover(target: path, connection: .static, source: path, isDirectory: isDirectory)]
        guard !live.isEmpty else { return found }
        for child in entries[entry].children where entries[child].pattern == nil {
            let covers = liveAndStatic(child, path: path + "/" + entries[child].name)
            found += covers.filter { $0.connection == .live }
        }
        return found
    }
}
