import Testing

@testable import Tree

/// The shape of the tree, as data.
@Suite struct CatalogTests {
    let catalog = Catalog.standard
    let extent = Extent(
        cpus: CPUSet([1, 3]),
        nodes: [
            NUMANode(id: 0, cpus: CPUSet([1]), distances: [10, 20], memory: 1),
            NUMANode(id: 2, cpus: CPUSet([3]), distances: [20, 10], memory: 0),
        ], memoryBlocks: 2,
        disks: [
            Extent.Disk(number: 5, name: "vda", major: 254, minor: 0), Extent.Disk(number: 0, name: "dm-0", major: 253, minor: 0),
        ])

    @Test func pathsAreUniqueAndCanonical() {
        let paths = Table.rows.map(\.path)
        #expect(Set(paths).count == paths.count)
        for path in paths {
            #expect(path.hasPrefix("/proc/") || path.hasPrefix("/sys/"), "\(path)")
            #expect(!path.hasSuffix("/") && !path.contains("//"), "\(path)")
        }
    }

    @Test func sysctlsAreListedByName() throws {
        let kernel = try #require(catalog.place(at: "proc/sys/kernel"))
        let names = catalog.children(of: kernel, extent: extent).map(\.name)
        #expect(names.count > 100 && names == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        #expect(catalog[kernel].isSysctl)
        for path in ["proc/sys/kernel/random", "proc/sys"] { #expect(catalog.place(at: path).map { catalog[$0].isSysctl } == true) }
        for path in ["proc", "sys", "sys/devices/system/cpu"] { #expect(catalog.place(at: path).map { catalog[$0].isSysctl } == false) }
    }

    @Test func rowsAreWhole() {
        for row in Table.rows {
            #expect(!row.source.isEmpty, "\(row.path)")
            switch row.policy {
            case .emulate, .constant:
                #expect(row.render != nil || row.kind == .directory, "\(row.path)")
            case .namespaced where row.writing != nil:
                #expect(row.render != nil, "\(row.path)")
            case .namespaced, .pass, .deny:
                #expect(row.render == nil && !row.reason.isEmpty, "\(row.path)")
            case .empty:
                break
            }
            if row.policy == .constant { #expect(row.needs.isEmpty, "\(row.path)") }
            #expect(row.kind == .file || row.freshness == .onEvent, "\(row.path)")
            // The kernel checks modes, OPEN whether there is something to write to: of the static ones nobody asks.
            if row.writing != nil { #expect(row.freshness != .onEvent, "\(row.path)") }
            guard row.kind == .file else { continue }
            if row.freshness == .onEvent { #expect(row.mode & 0o222 == 0, "\(row.path)") }
            if row.writing == nil, row.mode & 0o022 == 0, row.mode & 0o200 != 0 {
                #expect(row.owner == .nobody || row.mode == 0o600, "\(row.path)")
            }
        }
    }

    /// What moves by itself must not be on the connection that caches without end.
    @Test func movingReadingsAreNotCachedForEver() {
        let moving: Needs = [
            .clock, .cpuTimes, .memory, .tasks, .load, .disks, .cpuPressure, .memoryPressure, .ioPressure, .irqPressure, .uuid, .locks,
            .cgroups, .zones,
        ]
        for row in Table.rows where row.freshness == .onEvent && row.kind == .file {
            #expect(row.needs.isDisjoint(with: moving), "\(row.path)")
        }
    }

    @Test func onlyWhatTheDocumentationListsPassesThrough() {
        #expect(Table.rows.filter { $0.policy == .pass }.map(\.path).sorted() == ["/proc/buddyinfo", "/proc/config.gz"])
    }

    @Test func everyServedPathIsFoundAgain() {
        func walk(_ place: Place) {
            for (name, child) in catalog.children(of: place, extent: extent) {
                #expect(catalog.lookup(name, in: place, extent: extent) == child)
                #expect(catalog.parent(of: child).entry == place.entry)
                let path = catalog.path(of: child)
                if !path.contains("*") { #expect(catalog.place(at: path) == child) }
                if catalog[child].kind == .directory { walk(child) }
            }
        }
        walk(.top)
    }

    @Test func cpuDirectoriesAreTheVisibleOnes() throws {
        let directory = try #require(catalog.place(at: "sys/devices/system/cpu"))
        let names = catalog.children(of: directory, extent: extent).map(\.name)
        #expect(names.filter { $0.hasPrefix("cpu") } == ["cpu1", "cpu3"])
        #expect(catalog.lookup("cpu0", in: directory, extent: extent) == nil)
    }

    private func names(_ path: String) throws -> [String] {
        catalog.children(of: try #require(catalog.place(at: path, in: extent)), extent: extent).map(\.name)
    }

    @Test func patternsStandForWhatTheViewHas() throws {
        #expect(try names("sys/devices/system/node").filter { $0.hasPrefix("node") } == ["node0", "node2"])
        #expect(try names("sys/devices/system/node/node2").filter { $0.hasPrefix("cpu") } == ["cpulist", "cpumap", "cpu3"])
        #expect(try names("sys/devices/system/cpu/cpu3").filter { $0.hasPrefix("node") } == ["node2"])
        #expect(try names("sys/devices/system/memory").filter { $0.hasPrefix("memory") } == ["memory0", "memory1"])
        #expect(try names("sys/block") == ["vda", "dm-0"])
        #expect(try names("sys/dev/block") == ["254:0", "253:0"])
        for missing in ["node/node1", "node/node2/cpu1", "cpu/cpu1/node2", "memory/memory2", "cpu/cpu1/cache/index8"] {
            #expect(catalog.place(at: "sys/devices/system/" + missing, in: extent) == nil, "\(missing)")
        }
        #expect(catalog.place(at: "sys/block/vdb", in: extent) == nil)
    }

    @Test func instancesSayWhatTheyAreOf() throws {
        let cache = try #require(catalog.place(at: "sys/devices/system/cpu/cpu3/cache/index2/level"))
        #expect(Pattern.cache(cache.instance) == (3, 2))
        #expect(catalog.place(at: "sys/block/vda", in: extent)?.instance == 5)
        #expect(catalog.place(at: "sys/devices/system/node/node2/cpu3", in: extent)?.instance == 3)
        #expect(catalog.place(at: "sys/devices/system/cpu/cpu3/node2", in: extent)?.instance == 3)
        #expect(Pattern.cache(CPUSet.most - 1, of: 0) > 0)
        #expect(Pattern.cache(Pattern.mostCaches - 1, of: CPUSet.most - 1) < Pattern.mostInstances)
    }

    /// A `*` the catalog knows no meaning of would be a file of that name.
    @Test func everyPatternHasAMeaning() {
        for entry in catalog.entries { #expect((entry.pattern == nil) == !entry.name.contains("*"), "\(entry.name)") }
    }

    @Test func optionalPlacesAreThereWhenTheyHaveContent() throws {
        let online = try #require(catalog.place(at: "sys/devices/system/cpu/cpu0/online"))
        let index = try #require(catalog.place(at: "sys/devices/system/cpu/cpu0/cache/index1"))
        let level = try #require(catalog.place(at: "sys/devices/system/cpu/cpu0/cache/index1/level"))
        #expect(!catalog.isThere(online) { _ in [] })
        #expect(catalog.isThere(online) { _ in [0x31] })
        #expect(!catalog.isThere(index) { _ in [] })
        #expect(catalog.isThere(index) { $0 == level ? [0x31] : [] })
        let directory = try #require(catalog.place(at: "sys/devices/system/cpu"))
        #expect(catalog.isThere(directory) { _ in [] })
    }

    @Test(arguments: [
        "", ".", "..", "cpu", "cpu01", "cpu-1", "cpu+1", "cpu 1", "cpu1 ", "cpu1\0", "cpu0x1", "cpu1/online", "cpu*", "cpu２", "CPU1",
        "cpu99999999999999999999", "cpu18446744073709551617", "cpu4294967297", "cpu\u{301}1", "online\0", "on\u{200d}line", "/",
        String(repeating: "cpu1", count: 100_000),
    ])
    func hostileNamesAreNotThere(_ name: String) throws {
        let directory = try #require(catalog.place(at: "sys/devices/system/cpu"))
        #expect(catalog.lookup(name, in: directory, extent: Extent(cpus: CPUSet(0..<CPUSet.most))) == nil)
        for other in ["proc", "sys/block", "sys/dev/block", "sys/devices/system/node", "sys/devices/system/memory"] {
            let directory = try #require(catalog.place(at: other))
            #expect(catalog.lookup(name, in: directory, extent: extent) == nil)
        }
    }

    @Test func namesAreBytesNotUnicode() {
        // The Kelvin sign is canonically equivalent to K.
        let rows = [Row.constant("/proc/K", "", source: "test")]
        let catalog = Catalog(rows: rows)
        let proc = Place(entry: 1, instance: 0)
        #expect(catalog.lookup("K", in: proc, extent: extent) != nil)
        #expect(catalog.lookup("\u{212a}", in: proc, extent: extent) == nil)
    }

    @Test func deniedAndNamespacedAreNotServed() throws {
        let proc = try #require(catalog.place(at: "proc"))
        for name in ["self", "net", "config.gz", "buddyinfo", "kcore", "kmsg", "sysrq-trigger"] {
            #expect(catalog.lookup(name, in: proc, extent: extent) == nil, "\(name)")
        }
    }

    /// The kernel keeps them until it is told, and the only event there is is that a view has another extent.
    @Test func whatIsCachedForEverIsDroppedWithTheExtentItShows() {
        for row in Table.rows where row.freshness == .onEvent && row.kind == .file && !row.needs.isEmpty {
            #expect(!row.needs.isDisjoint(with: .extent) || row.needs == .vulnerabilities, "\(row.path)")
        }
    }
}
