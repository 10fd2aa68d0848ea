import Testing

@testable import Tree

/// The shape of the tree, as data.
@Suite struct CatalogTests {
    let catalog = Catalog.standard
    let cpus = CPUSet([1, 3])

    @Test func pathsAreUniqueAndCanonical() {
        let paths = Table.rows.map(\.path)
        #expect(Set(paths).count == paths.count)
        for path in paths {
            #expect(path.hasPrefix("/proc/") || path.hasPrefix("/sys/"), "\(path)")
            #expect(!path.hasSuffix("/") && !path.contains("//"), "\(path)")
            #expect(path.filter { $0 == "*" }.count <= 1, "\(path)")
        }
    }

    @Test func rowsAreWhole() {
        for row in Table.rows {
            #expect(!row.source.isEmpty, "\(row.path)")
            switch row.policy {
            case .emulate, .constant:
                #expect(row.render != nil, "\(row.path)")
            case .namespaced where row.writing != nil:
                #expect(row.render != nil, "\(row.path)")
            case .namespaced, .pass, .deny:
                #expect(row.render == nil, "\(row.path)")
            case .empty:
                break
            }
            if row.policy == .constant { #expect(row.needs.isEmpty, "\(row.path)") }
            #expect(row.kind == .file || row.freshness == .onEvent, "\(row.path)")
            // The kernel checks modes, OPEN whether there is something to write to: of the static ones nobody asks.
            if row.writing != nil { #expect(row.freshness != .onEvent, "\(row.path)") }
            if row.freshness == .onEvent { #expect(row.mode & 0o222 == 0, "\(row.path)") }
            if row.writing == nil, row.mode & 0o022 == 0, row.mode & 0o200 != 0 {
                #expect(row.owner == .nobody || row.mode == 0o600, "\(row.path)")
            }
        }
    }

    /// What moves by itself must not be on the connection that caches without end.
    @Test func movingReadingsAreNotCachedForEver() {
        let moving: Needs = [.clock, .cpuTimes, .memory, .tasks, .load, .disks, .cpuPressure, .memoryPressure, .ioPressure, .uuid]
        for row in Table.rows where row.freshness == .onEvent { #expect(row.needs.isDisjoint(with: moving), "\(row.path)") }
    }

    @Test func onlyWhatTheDocumentationListsPassesThrough() {
        #expect(Table.rows.filter { $0.policy == .pass }.map(\.path).sorted() == ["/proc/buddyinfo", "/proc/config.gz"])
    }

    @Test func everyServedPathIsFoundAgain() {
        func walk(_ place: Place) {
            for (name, child) in catalog.children(of: place, cpus: cpus) {
                #expect(catalog.lookup(name, in: place, cpus: cpus) == child)
                #expect(catalog.parent(of: child).entry == place.entry)
                #expect(catalog.place(at: catalog.path(of: child)) == child)
                if catalog[child].kind == .directory { walk(child) }
            }
        }
        walk(.top)
    }

    @Test func cpuDirectoriesAreTheVisibleOnes() throws {
        let directory = try #require(catalog.place(at: "sys/devices/system/cpu"))
        let names = catalog.children(of: directory, cpus: cpus).map(\.name)
        #expect(names.filter { $0.hasPrefix("cpu") } == ["cpu1", "cpu3"])
        #expect(catalog.lookup("cpu0", in: directory, cpus: cpus) == nil)
    }

    @Test func cpu0CannotBeTakenOffline() throws {
        let all = CPUSet([0, 1])
        let zero = try #require(catalog.place(at: "sys/devices/system/cpu/cpu0"))
        let one = try #require(catalog.place(at: "sys/devices/system/cpu/cpu1"))
        #expect(catalog.lookup("online", in: zero, cpus: all) == nil)
        #expect(!catalog.children(of: zero, cpus: all).contains { $0.name == "online" })
        #expect(catalog.lookup("online", in: one, cpus: all) != nil)
        #expect(catalog.children(of: one, cpus: all).contains { $0.name == "online" })
    }

    @Test(arguments: [
        "", ".", "..", "cpu", "cpu01", "cpu-1", "cpu+1", "cpu 1", "cpu1 ", "cpu1\0", "cpu0x1", "cpu1/online", "cpu*", "cpu２", "CPU1",
        "cpu99999999999999999999", "cpu18446744073709551617", "cpu4294967297", "cpu\u{301}1", "online\0", "on\u{200d}line", "/",
        String(repeating: "cpu1", count: 100_000),
    ])
    func hostileNamesAreNotThere(_ name: String) throws {
        let directory = try #require(catalog.place(at: "sys/devices/system/cpu"))
        #expect(catalog.lookup(name, in: directory, cpus: CPUSet(0..<CPUSet.most)) == nil)
        let proc = try #require(catalog.place(at: "proc"))
        #expect(catalog.lookup(name, in: proc, cpus: cpus) == nil)
    }

    @Test func namesAreBytesNotUnicode() {
        // The Kelvin sign is canonically equivalent to K.
        let rows = [Row.constant("/proc/K", "", source: "test")]
        let catalog = Catalog(rows: rows)
        let proc = Place(entry: 1, instance: 0)
        #expect(catalog.lookup("K", in: proc, cpus: cpus) != nil)
        #expect(catalog.lookup("\u{212a}", in: proc, cpus: cpus) == nil)
    }

    @Test func deniedAndNamespacedAreNotServed() throws {
        let proc = try #require(catalog.place(at: "proc"))
        for name in ["self", "net", "config.gz", "buddyinfo", "kcore", "kmsg", "sysrq-trigger"] {
            #expect(catalog.lookup(name, in: proc, cpus: cpus) == nil, "\(name)")
        }
    }

    /// The kernel keeps them until it is told, and the only event there is is that a view has other CPUs.
    @Test func whatIsCachedForEverIsDroppedWithTheCPUsItShows() {
        for row in Table.rows where row.freshness == .onEvent && !row.needs.isEmpty {
            #expect(!row.needs.isDisjoint(with: .visibleCPUs), "\(row.path)")
        }
    }
}
