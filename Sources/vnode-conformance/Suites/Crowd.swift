import Glibc
import Linux

extension Suite {
    static let crowd = Suite(
        name: "crowd",
        checks: [
            Check("200 vnode run at once all end well") { context in
                try await start(context, count: 200, options: [])
            },
            Check("200 at once on one daemon all end well, and it keeps nothing of them") { context in
                try await context.withDaemon(bound: .seconds(400)) { daemon in
                    try daemon.isWell()
                    let before = daemon.program.descriptors.count
                    try await start(context, count: 200, options: ["--socket", daemon.socket])
                    try await daemon.keeps(before)
                    try daemon.isWell()
                }
            },
            Check("20 at once have ranges of uids of their own") { context in
                let maps = try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<20 { group.addTask { try await context.inside("cat /proc/self/uid_map; sleep 2", bound: .seconds(120)) } }
                    return try await group.reduce(into: [String]()) { $0.append($1) }
                }
                try expect(Set(maps).count == 20, "20 maps", got: "\(maps)")
            },
            Check("of 10 with one name one runs, the others are refused") { context in
                let outcomes = try await withThrowingTaskGroup(of: Outcome.self) { group in
                    for _ in 0..<10 {
                        group.addTask { try await context.run(["sleep", "5"], options: ["--name", "\(conf)-same"], bound: .seconds(60)) }
                    }
                    return try await group.reduce(into: [Outcome]()) { $0.append($1) }
                }
                try expect("those that ran", outcomes.count { $0.status == 0 }, is: 1)
                for outcome in outcomes where outcome.status != 0 { try outcome.refused(status: 125, naming: ["\(conf)-same"]) }
            },
        ])

    private static func start(_ context: Context, count: Int, options: [String]) async throws {
        let failed = try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<count {
                group.addTask {
                    let outcome = try await context.run(["echo", "ran"], options: options, bound: .seconds(300))
                    return outcome.status == 0 && outcome.output == "ran\n" && outcome.error.isEmpty ? nil : outcome.summary
                }
            }
            return try await group.reduce(into: [String]()) { found, next in if let next { found.append(next) } }
        }
        try expect(failed.isEmpty, "\(count) to end with 0 and in silence", got: "\(failed.count) others, such as \(failed.first ?? "")")
    }
}
