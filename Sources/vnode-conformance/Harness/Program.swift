import Glibc
import Linux
import Synchronization
import SystemPackage

/// Where one program writes.
struct Output: Sendable {
    let output: String
    let error: String
    private static let counter = Mutex(0)

    init(in directory: String) {
        let number = Output.counter.withLock { count in
            count += 1
            return count
        }
        output = "\(directory)/.out-\(number)"
        error = "\(directory)/.err-\(number)"
    }

    func open(_ path: String) throws -> FileDescriptor {
        try FileDescriptor.open(
            FilePath(path), .writeOnly, options: [.create, .truncate, .append, .closeOnExec], permissions: .ownerReadWrite)
    }

    /// What cannot be read, such as a file that is too long, must not pass for silence.
    func text(_ path: String) -> String {
        do throws(Errno) { return String(decoding: try Files.read(path, limit: 256 << 20), as: UTF8.self) } catch {
            return "what was written is not there to be read: \(error)"
        }
    }
}

/// A program that is running.
struct Program: Sendable {
    let pid: Int32
    fileprivate let files: Output

    init(pid: Int32, files: Output) {
        self.pid = pid
        self.files = files
    }

    var output: String { files.text(files.output) }
    var error: String { files.text(files.error) }

    var isRunning: Bool { ProcessTable.isRunning(pid) }

    func signal(_ number: Int32) { if isRunning { kill(pid, number) } }

    /// Descriptors it has open.
    var descriptors: [String] { ProcessTable.descriptors(of: pid) }

    /// Its end, within `bound`.
    func ended(within bound: Duration = .seconds(60)) async throws {
        try await eventually("process \(pid) to end", within: bound) { !isRunning }
    }

    /// What it has printed, once that contains `text`.
    func says(_ text: String, within bound: Duration = .seconds(60)) async throws {
        try await eventually("\"\(text)\" on its output", within: bound, got: { "\"\(output)\", error \"\(error)\"" }) {
            if output.contains(text) { return true }
            try expect(isRunning, "\"\(text)\" on its output", got: "its end, output \"\(output)\", error \"\(error)\"")
            return false
        }
    }

    /// Ends it as `systemctl stop` would.
    func terminate(within bound: Duration = .seconds(60)) async throws {
        signal(SIGTERM)
        try await ended(within: bound)
    }
}

/// Waits until `holds`. The bound is patience, which a busy machine needs: no check is about how long something takes.
func eventually(
    _ expected: String, within bound: Duration = .seconds(60), got: () -> String = { "" }, _ holds: () throws -> Bool
) async throws {
    let end = ContinuousClock.now + bound
    while !(try holds()) {
        guard ContinuousClock.now < end else { throw Mismatch(expected: expected, got: "none after \(bound): \(got())") }
        try await Task.sleep(for: .milliseconds(10))
    }
}
