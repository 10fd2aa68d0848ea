import Foundation
import Linux
import Readings
import Synchronization
import Testing
import Text
import Tree

/// A clock a test moves.
final class ManualClock: Sendable {
    private let boot: Mutex<UInt64>
    private let real: Mutex<UInt64>

    init(boot: UInt64, real: UInt64) {
        self.boot = Mutex(boot)
        self.real = Mutex(real)
    }

    func advance(seconds: UInt64) { advance(nanoseconds: seconds * 1_000_000_000) }

    func advance(nanoseconds: UInt64) {
        boot.withLock { $0 += nanoseconds }
        real.withLock { $0 += nanoseconds }
    }

    func setReal(_ value: UInt64) { real.withLock { $0 = value } }

    var clocks: Clocks { Clocks(boot: { self.boot.withLock { $0 } }, real: { self.real.withLock { $0 } }) }
}

/// A view of a fixture tree: what is shown, and where the answers we expect are.
struct Scenario: Sendable, CustomTestStringConvertible {
    let fixture: String
    let name: String
    let cgroup: String
    let top: String

    var testDescription: String { fixture + "/" + name }

    static let fixtures = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("fixtures").path

    var root: String { Scenario.fixtures + "/" + fixture }
    var expected: String { root + "/expected/" + name }

    /// The vNode is 10.25 s old on a node up for 1,000 s, at 1,700,000,000.5 s since 1970.
    func view(clock: ManualClock = ManualClock(boot: 1_000_000_000_000, real: 1_700_000_000_500_000_000), affinity: CPUSet? = nil)
        throws -> ViewReadings
    {
        let node = try NodeReadings(root: root, cgroupRoot: root + "/cgroup", clocks: clock.clocks)
        return try ViewReadings(
            node: node,
            configuration: ViewConfiguration(
                hostname: "box", bootID: "6f1e7c9a-0b7e-4f0e-9a53-0d9d6f1f4a11", startedAt: 989_750_000_000, affinity: affinity,
                cgroup: root + "/cgroup/" + cgroup, top: root + "/cgroup/" + top))
    }

    /// Every file the view serves and its content; the fresh UUID left out, and the sysctls that have no source but the table
    /// (`Tests/expected/sysctls`).
    func render() throws -> [(path: String, content: String)] {
        let view = try view()
        var extent = try view.extent()
        extent.disks = try view.disks()
        var found: [(path: String, content: String)] = []
        func render(_ place: Place) throws -> [UInt8] {
            guard let row = Catalog.standard[place].row, let render = row.render else { return [] }
            var out = ByteWriter()
            render(try view.snapshot(row.needs), place.instance, &out)
            return out.bytes
        }
        func walk(_ place: Place, _ path: String) throws {
            for (name, child) in Catalog.standard.children(of: place, extent: extent) {
                let entry = Catalog.standard[child]
                let path = path.isEmpty ? name : path + "/" + name
                guard path != "proc/sys/kernel/random/uuid", try Catalog.standard.isThere(child, render: render) else { continue }
                if entry.kind == .directory {
                    try walk(child, path)
                } else if let row = entry.row, row.render != nil {
                    if path.hasPrefix("proc/sys/"), row.policy == .constant || row.policy == .empty || row.shows == row.path { continue }
                    let text = String(decoding: try render(child), as: UTF8.self)
                    found.append((path, entry.kind == .symlink ? "-> \(text)\n" : text))
                }
            }
        }
        try walk(.top, "")
        return found
    }
}

/// A directory with files of a test's own, removed with it.
final class TemporaryTree {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("vnode-" + UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, _ name: String) throws {
        let url = URL(fileURLWithPath: path + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path + "/" + name) }
}
