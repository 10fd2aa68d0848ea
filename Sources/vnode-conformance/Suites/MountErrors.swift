import Glibc
import Linux

extension Suite {
    static let mountErrors = Suite(
        name: "mount errors",
        checks: [
            refusal("a missing directory", naming: ["missing", "No such file"]) { [$0.path("missing")] },
            refusal("a file in place of a directory", naming: ["file", "not a directory"]) { context in
                try Files.put("", at: context.path("file"))
                return [context.path("file")]
            },
            refusal("a directory that is not empty", naming: ["full", "not empty"]) { context in
                let directory = try context.makeDirectory("full")
                try Files.put("", at: directory + "/thing")
                return [directory]
            },
            refusal("a missing cgroup", naming: ["no-such-cgroup", "No such file"]) { context in
                [try context.makeDirectory("mount"), "--cgroup", Machine.cgroup2 + "/no-such-cgroup"]
            },
            refusal("a cgroup that is none", naming: ["/tmp"]) { [try $0.makeDirectory("mount"), "--cgroup", "/tmp"] },
            refusal("a relative cgroup path", naming: ["--cgroup", "absolute"]) { [try $0.makeDirectory("mount"), "--cgroup", "a/b"] },
            refusal("no directory at all", naming: ["directory"]) { _ in [] },
            refusal("an option nobody knows", naming: ["--nonsense"]) { [try $0.makeDirectory("mount"), "--nonsense"] },
            Check("refuses somebody who is not root") { context in
                let directory = try context.makeDirectory("mount")
                try await context.asNobody(context.mountWords(directory)).refused(naming: ["root"])
            },
            Check("paths prints every row in every format") { context in
                for (format, first) in [("text", "PATH"), ("json", "["), ("markdown", "# Paths")] {
                    let outcome = try await command([context.program("vnode-fs"), "paths", "--format", format], in: context).succeeded()
                    try expect(outcome.output.hasPrefix(first), "\(format) that begins with \(first)", got: outcome.text)
                    for path in ["/proc/meminfo", "/proc/buddyinfo", "/sys/devices/system/cpu/online"] {
                        try expect(outcome.output.contains(path), "\(path) as \(format)", got: outcome.text)
                    }
                }
                try await command([context.program("vnode-fs"), "paths", "--format", "xml"], in: context).refused(naming: ["xml"])
            },
        ])

    private static func refusal(
        _ name: String, naming words: [String], _ arguments: @escaping @Sendable (Context) throws -> [String]
    ) -> Check {
        Check("refuses \(name)") { context in
            let given = try arguments(context)
            let before = Machine.now()
            let outcome = try await command([context.program("vnode-fs"), "mount"] + given, in: context)
            try outcome.refused(naming: words)
            let left = try await Machine.leftovers(since: before)
            try expect(left.isEmpty, "nothing left", got: left.joined(separator: ", "))
        }
    }
}
