import Glibc
import Linux

/// Runs suites one after the other and counts.
struct Runner {
    private(set) var passed = 0
    private(set) var failed = 0
    private let bin: String
    private let scratch: String

    init(bin: String) throws {
        self.bin = bin
        scratch = "/tmp/vnode-conformance-\(getpid())"
        try Files.makeDirectories(scratch, mode: 0o755)
    }

    mutating func run(_ suite: Suite) async throws {
        let before = Machine.now()
        for (number, check) in suite.checks.enumerated() {
            let directory = "\(scratch)/\(suite.name.replacing(" ", with: "-"))-\(number)"
            try Files.makeDirectories(directory, mode: 0o755)
            await note("\(suite.name): \(check.name)") { try await check.run(Context(bin: bin, scratch: directory)) }
        }
        await note("\(suite.name): the machine is as before") {
            let left = try await Machine.leftovers(since: before)
            try expect(left.isEmpty, "nothing left", got: left.joined(separator: ", "))
        }
    }

    private mutating func note(_ name: String, _ body: () async throws -> Void) async {
        defer { fflush(nil) }
        do {
            try await body()
            passed += 1
            print("ok - \(name)")
        } catch let mismatch as Mismatch {
            failed += 1
            print("not ok - \(name): \(mismatch)")
        } catch {
            failed += 1
            print("not ok - \(name): expected no error, got \(Mismatch.oneLine("\(error)"))")
        }
    }

    /// Takes away what failed checks have left, and counts.
    func end() {
        for process in ProcessTable.descendants { kill(process.pid, SIGKILL) }
        for line in ((try? Files.text("/proc/self/mounts")) ?? "").split(separator: "\n").reversed() {
            let fields = line.split(separator: " ")
            if fields.count > 1, fields[1].hasPrefix(scratch + "/") { _ = unsafe umount2(String(fields[1]), CInt(MNT_DETACH)) }
        }
        for path in Files.walk(scratch).reversed() { _ = unsafe remove(path) }
        _ = unsafe rmdir(scratch)
        print("\(passed) passed, \(failed) failed")
    }
}
