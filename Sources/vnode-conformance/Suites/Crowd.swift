import Glibc
import Linux

extension Suite {
    static let crowd = Suite(
        name: "crowd",
        checks: [
            Check("up to 200 vnode run at once all end well") { context in
                try await start(context, options: [])
            },
            Check("up to 200 at once on one daemon all end well, and it keeps nothing of them") { context in
                try await context.withDaemon(bound: .seconds(900)) { daemon in
                    try daemon.isWell()
                    let before = daemon.program.descriptors.count
                    try await start(context, options: ["--socket", daemon.socket])
                    try await daemon.keeps(before)
                    try daemon.isWell()
                }
            },
            Check("20 at once have ranges of uids of their own") { context in
                let maps = try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<20 { group.addTask { try await context.inside("cat /proc/self/uid_map; sleep 2", bound: .seconds(300)) } }
                    return try await group.reduce(into: [String]()) { $0.append($1) }
                }
                try expect(Set(maps).count == 20, "20 maps", got: "\(maps)")
            },
            Check("of 10 with one name one runs, the others are refused") { context in
                let script = "until [ -e /dev/shm/go ]; do sleep 0.05; done"
                let outcomes = try await withThrowingTaskGroup(of: Outcome.self) { group in
                    for _ in 0..<10 {
                        group.addTask { try await context.run(["sh", "-c", script], options: ["--name", "\(conf)-same"]) }
                    }
                    var outcomes: [Outcome] = []
                    while let outcome = try await group.next() {
                        outcomes.append(outcome)
                        guard outcomes.count == 9 else { continue }
                        // It goes on for as long as another one may come, and may still be starting.
                        for _ in 0..<600 {
                            if try await context.launcher(["exec", "\(conf)-same", "--", "touch", "/dev/shm/go"]).status == 0 { break }
                            try await Task.sleep(for: .milliseconds(100))
                        }
                    }
                    return outcomes
                }
                try expect("those that ran", outcomes.count { $0.status == 0 }, is: 1)
                for outcome in outcomes where outcome.status != 0 { try outcome.refused(status: 125, naming: ["\(conf)-same"]) }
            },
        ])

    /// As many as this machine starts in about 15 s, two at a time: each waits for all others, and 10 s at most for its daemon.
    private static func start(_ context: Context, options: [String]) async throws {
        let begin = ContinuousClock.now
        _ = try await context.run(["true"], options: options).succeeded()
        let one = ContinuousClock.now - begin
        let count = Int(min(200, max(20, Duration.seconds(15) / one * 2)))
        print("# crowd: \(count) at once")
        let failed = try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<count {
                group.addTask {
                    let outcome = try await context.run(["echo", "ran"], options: options, bound: .seconds(600))
                    return outcome.status == 0 && outcome.output == "ran\n" && outcome.error.isEmpty ? nil : outcome.summary
                }
            }
            return try await group.reduce(into: [String]()) { found, next in if let next { found.append(next) } }
        }
        try expect(failed.isEmpty, "\(count) to end with 0 and in silence", got: "\(failed.count) others, such as \(failed.first ?? "")")
    }
}
