import Foundation
import Testing
import Tree

/// What is mounted over a real procfs, from the names found in one (`fixtures/*/listing/proc`: kind and path a line).
@Suite struct CoverTests {
    let catalog = Catalog.standard

    private func listing() throws -> [String: [RealEntry]] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("fixtures/hybrid-6.18-2cpu/listing/proc"), encoding: .utf8)
        var found: [String: [RealEntry]] = [:]
        for line in text.split(separator: "\n") {
            let path = line.dropFirst(2)
            guard let slash = path.lastIndex(of: "/") else { continue }
            found[String(path[..<slash]), default: []].append(
                RealEntry(
                    name: String(path[path.index(after: slash)...]), isDirectory: line.hasPrefix("d"), isSymlink: line.hasPrefix("l")))
        }
        return found
    }

    @Test func everythingIsCoveredButWhatTheKernelAnswers() throws {
        let listing = try listing()
        let covers = catalog.covers(procfs: { listing[$0] ?? [] })
        let targets = covers.map(\.target)
        #expect(Set(targets).count == targets.count)
        let left = (listing["proc"] ?? []).map { "proc/" + $0.name }.filter { path in
            !targets.contains { $0 == path || $0.hasPrefix(path + "/") }
        }
        #expect(
            left.sorted() == [
                "proc/1", "proc/buddyinfo", "proc/config.gz", "proc/key-users", "proc/keys", "proc/mounts", "proc/net", "proc/self",
                "proc/sysvipc", "proc/thread-self",
            ])
        let sysctls = (listing["proc/sys"] ?? []).map { "proc/sys/" + $0.name }.filter { !targets.contains($0) }
        #expect(sysctls.sorted() == ["proc/sys/net", "proc/sys/user"])
    }

    @Test func sourcesAreServedByTheConnectionNamed() throws {
        let listing = try listing()
        for cover in catalog.covers(procfs: { listing[$0] ?? [] }) + catalog.sysfsCovers() {
            let place = try #require(catalog.place(at: cover.source), "\(cover.source)")
            #expect((catalog[place].kind == .directory) == cover.isDirectory, "\(cover)")
            if !cover.isDirectory { #expect(catalog.connection(of: place.entry) == cover.connection, "\(cover)") }
        }
        // One mount for each directory of /proc/sys, none for a sysctl.
        let sysctls = catalog.covers(procfs: { listing[$0] ?? [] }).filter { $0.target.hasPrefix("proc/sys/") }
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
