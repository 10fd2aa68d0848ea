import Glibc
import Linux
import Subprocess
import Synchronization
import SystemPackage

/// How a program ended and what it said.
struct Outcome: Sendable {
    /// As a shell has it: 128 + N after signal N.
    let status: Int32
    let output: String
    let error: String
    /// It was killed because its time was over.
    let isOverdue: Bool

    var summary: String { "status \(status)\(isOverdue ? " (killed: out of time)" : ""), output \"\(output)\", error \"\(error)\"" }

    var lines: [String] { output.split(whereSeparator: \.isNewline).map(String.init) }

    /// Without the white space around it.
    var text: String { trim(output) }

    func succeeded() throws -> Outcome {
        try expect(status == 0, "status 0", got: summary)
        return self
    }

    /// It failed with a message that names each of `words`, on a line of its own.
    func refused(status wanted: Int32? = nil, naming words: [String]) throws {
        try expect(
            !isOverdue && (wanted.map { status == $0 } ?? (status != 0)), "a refusal\(wanted.map { " with status \($0)" } ?? "")",
            got: summary)
        for word in words { try expect(error.contains(word), "a message with \"\(word)\"", got: summary) }
        try expect(!error.contains("Fatal error"), "a message, not a crash", got: summary)
    }
}

func trim(_ text: some StringProtocol) -> String {
    let start = text.drop(while: \.isWhitespace)
    return String(start.reversed().drop(while: \.isWhitespace).reversed())
}

/// Runs a program to its end, or kills it and its process group when `bound` is over. Output goes to files, so that
/// nothing that outlives it can keep us waiting.
func command(
    _ words: [String], in context: Context, input: String = "/dev/null", environment: [String: String] = [:],
    bound: Duration = .seconds(120)
) async throws -> Outcome {
    let (_, outcome) = try await withProgram(words, in: context, input: input, environment: environment, bound: bound) { _ in }
    return outcome
}

/// Starts a program, runs `body` beside it and then waits for its end: until `bound` after the start.
func withProgram<Result: Sendable>(
    _ words: [String], in context: Context, input: String = "/dev/null", environment: [String: String] = [:],
    bound: Duration = .seconds(300), _ body: @escaping @Sendable (Program) async throws -> Result
) async throws -> (Result, Outcome) {
    guard let name = words.first else { throw Mismatch(expected: "a command", got: "none") }
    let files = Output(in: context.scratch)
    var options = PlatformOptions()
    options.processGroupID = 0
    var inherited: [Environment.Key: String?] = ["LC_ALL": "C", "TZ": "UTC"]
    for (key, value) in environment { if let key = Environment.Key(rawValue: key) { inherited[key] = value } }
    let configuration = Configuration(
        executable: name.contains("/") ? .path(FilePath(name)) : .name(name), arguments: Arguments(Array(words.dropFirst())),
        environment: .inherit.updating(inherited), workingDirectory: "/", platformOptions: options)
    let stdin = try FileDescriptor.open(FilePath(input), .readOnly, options: .closeOnExec)
    let stdout = try files.open(files.output)
    let stderr = try files.open(files.error)
    let overdue = Mutex(false)
    let started = Mutex<Int32>(0)
    let killer = Task {
        try await Task.sleep(for: bound)
        let pid = started.withLock { $0 }
        overdue.withLock { $0 = true }
        if pid > 1 { kill(-pid, SIGKILL) }
    }
    defer { killer.cancel() }
    let result = try await Subprocess.run(
        configuration, input: .fileDescriptor(stdin, closeAfterSpawningProcess: true),
        output: .fileDescriptor(stdout, closeAfterSpawningProcess: true),
        error: .fileDescriptor(stderr, closeAfterSpawningProcess: true)
    ) { execution -> Swift.Result<Result, any Error> in
        let pid = execution.processIdentifier.value
        started.withLock { $0 = pid }
        do {
            return .success(try await body(Program(pid: pid, files: files)))
        } catch {
            // So that a check that failed leaves no more than it must.
            let program = Program(pid: pid, files: files)
            if (try? await program.terminate(within: .seconds(5))) == nil { kill(-pid, SIGKILL) }
            return .failure(error)
        }
    }
    let status: Int32 =
        switch result.terminationStatus {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    let outcome = Outcome(
        status: status, output: files.text(files.output), error: files.text(files.error), isOverdue: overdue.withLock { $0 })
    switch result.closureResult {
    case .success(let value): return (value, outcome)
    case .failure(let mismatch as Mismatch):
        throw Mismatch(expected: mismatch.expected, got: "\(mismatch.got) (\(name): \(outcome.error))")
    case .failure(let error): throw error
    }
}
