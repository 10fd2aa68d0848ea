/// One expectation: it holds when `run` returns, and says why when it throws.
struct Check: Sendable {
    let name: String
    let run: @Sendable (Context) async throws -> Void

    init(_ name: String, _ run: @escaping @Sendable (Context) async throws -> Void) {
        self.name = name
        self.run = run
    }
}

/// Checks of one subject. After the last of them the machine must be as it was before the first.
struct Suite: Sendable {
    let name: String
    let checks: [Check]

    static let all = [
        mountFiles, mountReads, mountEnds, mountErrors, serve, control,
        run, terminal, tools, processes, cpus, sysTree, defaultDeny, sysctls, properties, pairs,
        boundary, secrets, traps, lifecycle, errors, kills, crowd, rootfs, takeover, audit, procRows, pressureTriggers, syscalls,
        identity, delegation, volumes, network, detached, top,
    ]
}

/// What a check wanted and what it found.
struct Mismatch: Error, CustomStringConvertible {
    let expected: String
    let got: String

    var description: String { "expected \(Mismatch.oneLine(expected)), got \(Mismatch.oneLine(got))" }

    /// On one line and not longer than anyone reads.
    static func oneLine(_ text: String) -> String {
        let trimmed = text.split(whereSeparator: \.isNewline).joined(separator: " | ")
        return trimmed.count <= 400 ? trimmed : trimmed.prefix(400) + "..."
    }
}

func expect(_ holds: Bool, _ expected: String, got: @autoclosure () -> String) throws {
    guard holds else { throw Mismatch(expected: expected, got: got()) }
}

func expect<Value: Equatable>(_ what: String, _ got: Value, is wanted: Value) throws {
    guard got == wanted else { throw Mismatch(expected: "\(what) \(wanted)", got: "\(got)") }
}

/// The value, or a mismatch when there is none.
func unwrap<Value>(_ value: Value?, _ expected: String, got: @autoclosure () -> String) throws -> Value {
    guard let value else { throw Mismatch(expected: expected, got: got()) }
    return value
}
