import Glibc
import Linux

extension Suite {
    /// Calls that wait while workers die.
    static let callsThroughDeaths: [Check] = [
        Check("SIGKILL of the worker while sysinfo and mount are called: none fails") { context in
            try await context.withDaemon { daemon in
                #if arch(x86_64)
                    let number = 99
                #elseif arch(arm64)
                    let number = 179
                #endif
                let script = """
                    mkdir /tmp/m; end=$(($(date +%s) + 6))
                    perl -e 'my ($n, $end) = (0, shift); until (time >= $end) { my $b = "\\0" x 112; syscall(\(number), $b) == 0 or do { print "sysinfo $!\\n"; exit 1 }; $n++ } print "called $n\\n"' $end &
                    n=0; while [ "$(date +%s)" -lt $end ]; do
                        mount -t proc proc /tmp/m || echo mount; [ "$(grep -c ' /tmp/m proc ' /proc/self/mounts)" = 1 ] || echo twice
                        umount /tmp/m || echo umount; n=$((n+1)); [ $n = 2 ] && echo ready
                    done
                    wait; echo mounted $n
                    """
                let name = "\(conf)-calls"
                let words = [context.program("vnode"), "run", "--socket", daemon.socket, "--name", name, "--", "sh", "-c", script]
                let (_, outcome) = try await withProgram(words, in: context) { run in
                    try await run.says("ready")
                    while !run.output.contains("called") {
                        try await daemon.strikeWorker()
                        try await Task.sleep(for: .microseconds(Int.random(in: 50_000...400_000)))
                    }
                    try await run.ended()
                }
                let lines = outcome.lines
                try expect(
                    outcome.status == 0 && lines.count == 3 && lines.contains("ready") && lines.contains { $0.hasPrefix("called ") }
                        && lines.contains { $0.hasPrefix("mounted ") },
                    "calls and mounts counted, and no failure", got: outcome.summary)
                try expect(!daemon.logged("worker died").isEmpty, "workers that died", got: daemon.program.error)
            }
        },
        Check("a caller that is killed while it waits leaves nothing") { context in
            let script = """
                mkdir /tmp/m; for i in 1 2 3 4 5 6 7 8; do mount -t proc proc /tmp/m & p=$!; sleep 0.00$i; kill -9 $p 2>/dev/null; wait $p 2>/dev/null; done
                while umount /tmp/m 2>/dev/null; do :; done; echo /tmp/m/*; mount -t proc proc /tmp/m && ls -d /tmp/m/self
                """
            try expect("afterwards", try await context.inside(script), is: "/tmp/m/*\n/tmp/m/self\n")
        },
        Check("threads that answer are no more than before when nothing is asked") { context in
            try await context.withDaemon { daemon in
                let vnode = try await context.keep("threads", on: daemon)
                let worker = try unwrap(Daemon.children(of: daemon.program.pid).first, "a worker", got: "none")
                let threads = { Files.names("/proc/\(worker)/task").count }
                try await eventually("idle threads") { threads() <= 16 }
                try await Task.sleep(for: .seconds(2))
                let before = threads()
                for _ in 0..<3 { _ = try await context.launcher(["exec", vnode.name, "--", "free"]).succeeded() }
                try await eventually("\(before) threads at most", got: { "\(threads())" }) { threads() <= before }
                try await context.stop(vnode)
            }
        },
    ]
}
