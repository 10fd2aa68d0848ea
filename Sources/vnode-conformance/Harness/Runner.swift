import Glibc
import Linux

/// Runs suites one after the other and counts.
struct Runner {
    private(set) var passed = 0
    private(set) var failed = 0
    private let bin: String
    private let scratch: String
    private let start = Machine.now()

    init(bin: String) throws {
        self.bin = bin
        scratch = "/tmp/vnode-conformance-\(getpid())"
        try Directories.makeAll(scratch, mode: 0o755)
    }

    mutating func run(_ suite: Suite) async throws {
        let before = Machine.now()
        for (number, check) in suite.checks.enumerated() {
            let directory = "\(scratch)/\(suite.name.replacing(" ", with: "-"))-\(number)"
            try Directories.makeAll(directory, mode: 0o755)
            let context = Context(bin: bin, scratch: directory)
            note("\(suite.name): \(check.name)", await fault { try await check.run(context) })
        }
        let leftovers = await fault {
            let left = try await Machine.leftovers(since: before)
            try expect(left.isEmpty, "nothing left", got: left.joined(separator: ", "))
        }
        note("\(suite.name): the machine is as before", leftovers)
    }

    private mutating func note(_ name: String, _ fault: String?) {
        if let fault {
            failed += 1
            print("not ok - \(name): \(fault)")
        } else {
            passed += 1
            print("ok - \(name)")
        }
        fflush(nil)
    }

    private func fault(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch let mismatch as Mismatch {
            return "\(mismatch)"
        } catch {
            return "expected no error, got \(Mismatch.oneLine("\(error)"))"
        }
    }

    /// Takes away what failed checks have left, and counts.
    func end() {
        for process in ProcessTable.descendants { kill(process.pid, SIGKILL) }
        for thing in Machine.now().leftovers(since: start).reversed() where thing.hasPrefix("cgroup ") {
            _ = unsafe rmdir(String(thing.dropFirst(7)))
        }
        for line in ((try? Files.text("/proc/self/mounts")) ?? "").split(separator: "\n").reversed() {
            let fields = line.split(separator: " ")
            if fields.count > 1, fields[1].hasPrefix(scratch + "/") { _ = unsafe umount2(String(fields[1]), CInt(MNT_DETACH)) }
        }
        for path in Files.walk(scratch).reversed() { _ = unsafe remove(path) }
        _ = unsafe rmdir(scratch)
        print("\(passed) passed, \(failed) failed")
    }
}
