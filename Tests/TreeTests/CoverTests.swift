import Testing
import Tree

/// What is mounted over a real procfs, from the names found in one. What that leaves: `KernelTreeTests`.
@Suite struct CoverTests {
    let catalog = Catalog.standard

    private let tree = KernelTree("6.18")

    @Test func sourcesAreServedByTheConnectionNamed() throws {
        for cover in catalog.covers(procfs: tree.list) + catalog.sysfsCovers() {
            let place = try #require(catalog.place(at: cover.source), "\(cover.source)")
            #expect((catalog[place].kind == .directory) == cover.isDirectory, "\(cover)")
            if !cover.isDirectory { #expect(catalog.connection(of: place.entry) == cover.connection, "\(cover)") }
        }
        // One mount for each directory of /proc/sys, none for a sysctl.
        let sysctls = catalog.covers(procfs: tree.list).filter { $0.target.hasPrefix("proc/sys/") }
        #expect(sysctls.allSatisfy { $0.target.split(separator: "/").count == 3 })
        #expect(sysctls.first { $0.target == "proc/sys/kernel" }?.connection == .live)
    }

    /// What a pattern stands for comes and goes; no mount could follow.
    @Test func directoriesWithLivePatternsAreLiveAsAWhole() {
        let covers = catalog.sysfsCovers()
        #expect(covers.map(\.target) == ["sys/devices/system/node", "sys/devices/virtual/block"])
        #expect(covers.allSatisfy { $0.isDirectory && $0.connection == .live && $0.source == $0.target })
        for entry in catalog.entries.indices where catalog.connection(of: entry) == .live {
            let path = catalog.path(of: Place(entry: entry, instance: 0))
            guard path.hasPrefix("sys/") else { continue }
            #expect(covers.contains { path == $0.target || path.hasPrefix($0.target + "/") }, "\(path)")
        }
    }

    @Test func networkDirectoriesAreTheKernels() {
        #expect(catalog.sysfsMountPoints == ["sys/class/net", "sys/devices/virtual/net"])
        for path in catalog.sysfsMountPoints {
            let place = catalog.place(at: path)
            #expect(place.map { catalog.isServed($0.entry) && catalog[$0].kind == .directory } == true, "\(path)")
        }
    }

    @Test func unknownEntriesAreDenied() {
        let real = [
            RealEntry(name: "newfile", isDirectory: false, isSymlink: false),
            RealEntry(name: "newdir", isDirectory: true, isSymlink: false),
            RealEntry(name: "newlink", isDirectory: false, isSymlink: true), RealEntry(name: "123", isDirectory: true, isSymlink: false),
            RealEntry(name: "12a", isDirectory: true, isSymlink: false), RealEntry(name: "meminfo", isDirectory: true, isSymlink: false),
        ]
        let covers = catalog.covers(procfs: { $0 == "proc" ? real : [] })
        #expect(covers.map(\.source) == ["cover/file", "cover/directory", "cover/directory", "cover/directory"])
        #expect(covers.map(\.target) == ["proc/newfile", "proc/newdir", "proc/12a", "proc/meminfo"])
    }
}
