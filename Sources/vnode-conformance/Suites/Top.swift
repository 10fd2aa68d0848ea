import FoundationEssentials
import Glibc
import Linux

extension Suite {
    static let top = Suite(
        name: "top",
        checks: [
            Check("shows who is busy, once where there is no terminal") { context in
                let (busy, idle) = ("\(conf)-busy", "\(conf)-idle")
                let script = "while :; do read -r x </proc/uptime; done"
                var failed: (any Error)?
                do {
                    _ = try await context.launcher(["run", "--detach", "--keep", "--name", busy, "--", "sh", "-c", script]).succeeded()
                    _ = try await context.launcher(["run", "--detach", "--keep", "--name", idle, "--", "sleep", "600"]).succeeded()
                    // PID 1 and the command. A look at their start sees the engine as well, and what it uses.
                    var (json, one, other) = try await looked(context, busy, idle)
                    let end = ContinuousClock.now + .seconds(60)
                    while one?.processes != 2 || other?.processes != 2, ContinuousClock.now < end {
                        (json, one, other) = try await looked(context, busy, idle)
                    }
                    (json, one, other) = try await looked(context, busy, idle)
                    try expect(one?.processes == 2 && other?.processes == 2, "two processes each", got: json.output)
                    try expect(
                        (one?.cpuPercent ?? 0) > 10 && (other?.cpuPercent ?? 100) < 10, "CPU time of \(busy) alone", got: json.output)
                    // `sleep` itself reads now and then: it is in the middle of starting.
                    try expect(
                        (one?.readsPerSecond ?? 0) > 50 && (other?.readsPerSecond ?? 100) < 20, "reads of \(busy) above all",
                        got: json.output)
                    let text = try await context.launcher(["top"]).succeeded()
                    let names = text.lines.compactMap { $0.split(separator: " ").first.map(String.init) }
                    try expect(names.first == "NAME", "a head", got: text.output)
                    let (first, second) = (names.firstIndex(of: busy), names.firstIndex(of: idle))
                    try expect(first != nil && second != nil && (first ?? 0) < (second ?? 0), "the busy one first", got: text.output)
                } catch { failed = error }
                for name in [busy, idle] { _ = try await context.launcher(["stop", "--timeout", "1", name]) }
                if let failed { throw failed }
            }
        ])

    private static func looked(_ context: Context, _ busy: String, _ idle: String) async throws -> (Outcome, Used?, Used?) {
        let json = try await context.launcher(["top", "--format", "json"]).succeeded()
        let used = try JSONDecoder().decode([Used].self, from: Data(json.output.utf8))
        return (json, used.first { $0.name == busy }, used.first { $0.name == idle })
    }
}

private struct Used: Decodable {
    let name: String
    let cpuPercent: Double?
    let processes: Int
    let readsPerSecond: Double?
}
