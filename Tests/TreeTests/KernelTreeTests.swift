import Testing
import Tree

/// Every path of every kernel is decided: by a row, or covered because no row names it.
@Suite struct KernelTreeTests {
    let catalog = Catalog.standard

    @Test func thereIsAListingOfEachKernel() {
        #expect(KernelTree.all.map(\.kernel) == ["6.1", "6.12", "6.18", "7.2"])
        for tree in KernelTree.all {
            #expect(tree.proc.count > 1000 && tree.sys.count > 1000, "\(tree.kernel)")
            for entry in tree.proc + tree.sys { #expect("fdl".contains(entry.kind) && !entry.path.isEmpty, "\(entry)") }
        }
    }

    // MARK: /proc

    /// Rows that leave their path to the kernel, without the slash in front.
    private let kernelsOwn = Table.rows.filter { $0.policy == .namespaced || $0.policy == .pass }.map { String($0.path.dropFirst()) }

    /// The tops of what is left to the kernel, and paths that are neither covered nor left to it by a row.
    private func uncovered(_ tree: KernelTree) -> (left: [String], undecided: [String]) {
        let targets = catalog.covers(procfs: tree.list).map(\.target)
        let covered = Set(targets)
        // Directories that are covered entry by entry.
        var walked: Set<String> = []
        for target in targets {
            var parts = target.split(separator: "/").dropLast()
            while !parts.isEmpty {
                walked.insert(parts.joined(separator: "/"))
                parts.removeLast()
            }
        }
        let own = Set(kernelsOwn)
        var left: [String] = []
        var undecided: [String] = []
        for entry in tree.proc where !isAt(entry.path, orBelow: "proc/1") && !walked.contains(entry.path) {
            let above = ancestors(entry.path)
            if above.contains(where: covered.contains) { continue }
            if own.contains(entry.path), !above.dropFirst().contains(where: own.contains) { left.append(entry.path) }
            if !above.contains(where: own.contains) { undecided.append(entry.path) }
        }
        return (left, undecided)
    }

    /// The path itself and every directory above it.
    private func ancestors(_ path: String) -> [String] {
        var parts = path.split(separator: "/")[...]
        var list: [String] = []
        while !parts.isEmpty {
            list.append(parts.joined(separator: "/"))
            parts = parts.dropLast()
        }
        return list
    }

    @Test(arguments: KernelTree.all) func everyProcPathIsCoveredOrTheKernelsOwnByARow(_ tree: KernelTree) {
        #expect(uncovered(tree).undecided == [])
    }

    @Test(arguments: KernelTree.all) func whatIsLeftToTheKernelIsThis(_ tree: KernelTree) {
        var expected: Set = [
            "proc/buddyinfo", "proc/key-users", "proc/keys", "proc/mounts", "proc/net", "proc/self", "proc/sys/net", "proc/sys/user",
            "proc/sysvipc", "proc/thread-self",
        ]
        // Debian's kernels are built without it.
        if tree.kernel == "6.18" { expected.insert("proc/config.gz") }
        #expect(uncovered(tree).left.sorted() == expected.sorted())
    }

    /// One mount over a directory hides all that is below it.
    @Test(arguments: KernelTree.all) func noCoverLiesBelowAnother(_ tree: KernelTree) {
        let covers = catalog.covers(procfs: tree.list)
        let denied = Set(covers.filter { $0.source.hasPrefix("cover/") }.map(\.target))
        for cover in covers { #expect(!ancestors(cover.target).dropFirst().contains(where: denied.contains), "\(cover.target)") }
        #expect(Set(covers.map(\.target)).count == covers.count)
    }

    // MARK: /sys

    /// What is at the top of `/sys`, and of `/sys/devices`. The root is served, so that there is nothing but what rows name.
    private static let shown: Set = [
        "sys/block", "sys/bus", "sys/class", "sys/dev", "sys/devices", "sys/devices/system", "sys/devices/virtual", "sys/firmware",
        "sys/fs",
        "sys/hypervisor", "sys/kernel", "sys/module", "sys/power",
    ]

    @Test(arguments: KernelTree.all) func theTopOfSysIsDecided(_ tree: KernelTree) {
        let tops = tree.sys.map(\.path).filter { path in
            let count = path.split(separator: "/").count
            return count == 2 || (count == 3 && path.hasPrefix("sys/devices/"))
        }
        for top in Set(tops) {
            let isServed = Table.rows.contains { isAt(String($0.path.dropFirst()), orBelow: top) }
            #expect(KernelTreeTests.shown.contains(top) == isServed, "\(top)")
        }
    }

    /// What no row names, nor leads to a row, is not there.
    @Test(arguments: KernelTree.all) func whatNoRowNamesInSysIsNotThere(_ tree: KernelTree) {
        let rows = Table.rows.map { String($0.path.dropFirst()) }
        var named: Set<String> = []
        for row in rows { named.formUnion(ancestors(row)) }
        var found: [String] = []
        for entry in tree.sys where entry.path != "sys" && !named.contains(entry.path) {
            // Any number will do: what is looked for is whether the name is there.
            let path = entry.path.replacing("*", with: "1")
            if catalog.place(at: path) != nil, !rows.contains(where: { stands($0, for: path) }) { found.append(path) }
        }
        #expect(found == [])
    }

    /// Whether a row's path, or one that leads to it, is the pattern of `path`.
    private func stands(_ row: String, for path: String) -> Bool {
        let patterns = row.split(separator: "/")
        let names = path.split(separator: "/")
        return names.count <= patterns.count
            && zip(patterns, names).allSatisfy { pattern, name in
                guard let star = pattern.firstIndex(of: "*") else { return pattern == name }
                return name.hasPrefix(pattern[..<star])
            }
    }

    // MARK: Rows

    /// Modes are those of one of the kernels, but for what nobody inside may write.
    @Test func modesAreTheKernels() {
        var known: [String: Set<UInt16>] = [:]
        for tree in KernelTree.all { for entry in tree.proc + tree.sys { known[entry.path, default: []].insert(entry.mode) } }
        var other: [String] = []
        for row in Table.rows where row.policy != .deny && row.kind != .symlink {
            guard let modes = known[String(row.path.dropFirst())], !modes.contains(row.mode) else { continue }
            // Settings of the node's hardware, and what is written to a process's or a view's place of another kind.
            if row.mode & 0o222 == 0, modes.contains(where: { $0 & 0o555 == row.mode & 0o555 }) { continue }
            other.append("\(row.path) \(String(row.mode, radix: 8))")
        }
        // A link; sysctls that are the node's own to write in its network namespace, where they are 0644; a place for a mount.
        let net = [
            "core/rmem_default", "core/rmem_max", "core/wmem_default", "core/wmem_max", "ipv4/vs/sync_qlen_max",
            "netfilter/nf_conntrack_expect_max", "netfilter/nf_conntrack_max",
        ]
        #expect(other.sorted() == ["/proc/mounts 444"] + net.map { "/proc/sys/net/\($0) 644" } + ["/sys/fs/cgroup 755"])
    }

    /// A row that no kernel has the path of is a misspelling, and a kind or a right to read that the kernel does not give shows.
    @Test func rowsNameWhatKernelsHave() {
        var known: [String: [KernelTree.Entry]] = [:]
        for tree in KernelTree.all { for entry in tree.proc + tree.sys { known[entry.path, default: []].append(entry) } }
        // Drivers and options that none of the captured kernels has: mtd, IRQ time accounting, USB, I2C, sensors, a machine with a UUID,
        // sound, SCSI, a crash kernel, accounting of allocations and latencies.
        let elsewhere: Set = [
            "proc/mtd", "proc/pressure/irq", "proc/sys/kernel/user_events_max", "sys/bus/usb/devices", "sys/bus/usb/drivers",
            "sys/bus/i2c/devices", "sys/bus/i2c/drivers", "sys/class/hwmon", "sys/devices/virtual/dmi/id/product_uuid",
            "proc/allocinfo", "proc/latency_stats", "proc/bootconfig", "proc/scsi", "proc/asound", "proc/vmcore",
        ]
        // Behind a link; and what only the node's own network namespace has.
        let hidden = ["proc/net/", "proc/sys/net/core/"]
        for row in Table.rows {
            let path = String(row.path.dropFirst())
            guard let entries = known[path] else {
                #expect(elsewhere.contains(path) || hidden.contains { path.hasPrefix($0) }, "\(path): no kernel has it")
                continue
            }
            #expect(!elsewhere.contains(path), "\(path) is there")
            let kinds = Set(entries.map(\.kind))
            // What is left to the kernel may be a link to what it is.
            let kind: Character =
                switch row.kind {
                case .file: "f"
                case .directory: "d"
                case .symlink: "l"
                }
            #expect(kinds.contains(kind) || (row.policy == .namespaced && kinds == ["l"]), "\(path): \(row.kind), the kernel has \(kinds)")
        }
    }
}
