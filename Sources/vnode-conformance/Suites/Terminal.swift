import Glibc
import Linux

extension Suite {
    static let terminal = Suite(
        name: "terminal",
        checks: [
            Check("without -t there is none") { context in
                try expect("tests", try await context.inside("for fd in 0 1 2; do test -t $fd && echo $fd; done; true"), is: "")
            },
            Check("-t gives one on 0, 1 and 2, and the status passes") { context in
                let outcome = try await onTerminal(
                    context, "run -t -- sh -c 'for fd in 0 1 2; do test -t $fd && echo fd$fd; done; tty; exit 5'")
                for word in ["fd0", "fd1", "fd2", "/dev/"] { try expect(outcome.output.contains(word), word, got: outcome.summary) }
                try expect(outcome.status == 5, "status 5", got: outcome.summary)
            },
            Check("-t takes over the window's size") { context in
                // The engine tells the size soon after the start.
                let script = "i=0; until [ \"$(stty size)\" = \"33 77\" ] || [ $i = 600 ]; do sleep 0.1; i=$((i + 1)); done; stty size"
                let outcome = try await onTerminal(context, "run -t -- sh -c '\(script)'", before: "stty rows 33 cols 77; ")
                try expect(outcome.output.contains("33 77"), "33 77", got: outcome.summary)
            },
            Check("-t passes what is typed") { context in
                try Files.put("hello\n", at: context.path("typed"))
                let outcome = try await onTerminal(context, "run -t -- sh -c 'read word; echo got-$word'", input: context.path("typed"))
                try expect(outcome.output.contains("got-hello"), "got-hello", got: outcome.summary)
            },
            Check("-t without a terminal is refused") { context in
                try await context.run(["true"], options: ["-t"]).refused(status: 125, naming: ["-t", "terminal"])
            },
            Check("top runs on a terminal") { context in
                let outcome = try await onTerminal(context, "run -t -- top -n 1")
                try expect(outcome.status == 0 && outcome.output.contains("load average"), "a page of top", got: outcome.summary)
            },
        ])

    /// Runs `vnode ARGUMENTS` on a new pseudo terminal.
    private static func onTerminal(_ context: Context, _ arguments: String, before: String = "", input: String = "/dev/null") async throws
        -> Outcome
    {
        try await command(
            ["script", "-qec", "\(before)\(context.program("vnode")) \(arguments)", "/dev/null"], in: context, input: input,
            environment: ["SHELL": "/bin/sh", "TERM": "xterm"])
    }
}
