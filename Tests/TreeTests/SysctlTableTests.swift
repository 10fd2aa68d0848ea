import Foundation
import Testing
import Text

@testable import Tree

/// The sysctls as a table.
@Suite struct SysctlTableTests {
    static let rows = Table.rows.filter { $0.path.hasPrefix("/proc/sys/") && $0.kind == .file }

    private func content(_ row: Row, stored: [UInt8]? = nil) -> [UInt8] {
        var snapshot = Snapshot()
        snapshot.stored = stored
        var out = ByteWriter()
        row.render?(snapshot, 0, &out)
        return out.bytes
    }

    /// Byte for byte against `Tests/expected/sysctls`: `path mode owner class`, then the content. With VNODE_RECORD=1 writes what the code says
    /// now, for a reader to check, and fails.
    @Test func everySysctlIsAsExpected() throws {
        let text = Self.rows.sorted { $0.path < $1.path }.map { row in
            let kind =
                switch row.writing {
                case .stored: "stored"
                case .namespace(let kind): "\(kind)"
                case .trigger: "trigger"
                case nil: row.policy == .constant ? "fixed" : "\(row.policy)"
                }
            return "==> \(row.path) \(String(row.mode, radix: 8)) \(row.owner) \(kind)\n" + String(decoding: content(row), as: UTF8.self)
        }.joined()
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let file = root.appendingPathComponent("Tests/expected/sysctls")
        if ProcessInfo.processInfo.environment["VNODE_RECORD"] != nil {
            try Data(text.utf8).write(to: file)
            Issue.record("recorded, not compared")
            return
        }
        let expected = try String(contentsOf: file, encoding: .utf8)
        for (ours, theirs) in zip(text.split(separator: "\n"), expected.split(separator: "\n")) { #expect(ours == theirs) }
        #expect(text == expected)
    }

    /// What a sysctl reads can be written to it, as `sysctl -p` with the output of `sysctl -a` does, but for some of which the kernel
    /// says no too.
    @Test func whatIsReadCanBeWritten() {
        let oneWay = ["dirty_bytes", "dirty_background_bytes", "max_rcu_stall_to_panic"]
        for row in Self.rows {
            guard case .stored(let form) = row.writing else { continue }
            let original = content(row)
            let written = form.write(original, at: 0, over: original)
            if oneWay.contains(where: { row.path.hasSuffix("/" + $0) }) {
                #expect(written.refusal == .invalid, "\(row.path)")
            } else {
                #expect(written.refusal == nil && written.taken == original.count, "\(row.path)")
                #expect(written.content == nil || written.content == original, "\(row.path)")
            }
            #expect(row.shows == row.path)
            #expect(content(row, stored: Array("stored\n".utf8)) == Array("stored\n".utf8), "\(row.path)")
        }
    }

    @Test func whatIsNamedIsThere() {
        let paths = Set(Self.rows.map(\.path))
        for row in Self.rows {
            if let shown = row.shows { #expect(paths.contains(shown), "\(row.path)") }
            if let zeroed = row.zeroes {
                #expect(Self.rows.contains { $0.path == zeroed.path && $0.zeroes?.path == row.path }, "\(row.path)")
            }
        }
    }

    /// Nobody inside can open these for writing: there is nothing a write could reach, and the mode says so where it can.
    @Test(arguments: [
        "kernel/core_pattern", "kernel/modprobe", "kernel/poweroff_cmd", "kernel/sysrq", "kernel/modules_disabled",
        "kernel/usermodehelper/bset", "kernel/usermodehelper/inheritable", "kernel/kexec_load_disabled", "kernel/cad_pid", "vm/drop_caches",
        "vm/compact_memory", "kernel/ftrace_enabled", "kernel/tainted",
    ])
    func dangerousOnesAreNobodys(_ name: String) throws {
        let row = try #require(Self.rows.first { $0.path == "/proc/sys/" + name })
        #expect(row.writing == nil)
        #expect(row.owner == .nobody || row.mode == 0o600)
    }

    /// Every sysctl of the captured kernels has a row, but for those of drivers and of one machine's own: they are denied.
    @Test(arguments: KernelTree.all) func everySysctlOfARealKernelIsDecided(_ tree: KernelTree) throws {
        let paths = Set(Self.rows.map(\.path))
        let found = Set(tree.proc.filter { $0.kind == "f" && isAt($0.path, orBelow: "proc/sys") }.map { "/" + $0.path })
        let undecided = found.sorted().filter { path in
            !paths.contains(path) && !path.hasPrefix("/proc/sys/net/") && !path.hasPrefix("/proc/sys/user/")
        }
        let foreign = [
            "/proc/sys/fs/xfs/", "/proc/sys/fs/nfs/", "/proc/sys/sunrpc/", "/proc/sys/dev/hpet/", "/proc/sys/dev/raid/",
            "/proc/sys/dev/scsi/",
            "/proc/sys/kernel/init_private", "/proc/sys/kernel/sg-big-buff", "/proc/sys/kernel/apparmor_",
            "/proc/sys/kernel/unprivileged_userns_apparmor_policy", "/proc/sys/vm/shrink_inodes_with_pagecache",
            "/proc/sys/debug/kprobes-optimization",
        ]
        #expect(undecided.filter { path in !foreign.contains { path.hasPrefix($0) } } == [])
    }
}
