import Glibc
import Linux

extension Suite {
    static let detached = Suite(
        name: "detached",
        checks: [
            Check("run --detach answers at once; what it says is there to be read, by stream") { context in
                let name = "\(conf)-det"
                let script = "echo out; echo err >&2; printf part; sleep 0.3; echo ial; (read -r x && echo input) || echo empty; exit 3"
                // A launcher that waits for its command has no answer before it is killed.
                let outcome = try await context.launcher([
                    "run", "--detach", "--keep", "--name", name, "--", "sh", "-c",
                    "until [ -e /dev/shm/go ]; do sleep 0.05; done; \(script)",
                ])
                try expect(outcome.status == 0 && outcome.output == "\(name)\n" && outcome.error.isEmpty, "its name", got: outcome.summary)
                _ = try await context.launcher(["exec", name, "--", "touch", "/dev/shm/go"]).succeeded()
                let logs = try await context.launcher(["logs", "--follow", name]).succeeded()
                try expect(logs.output == "out\npartial\nempty\n" && logs.error == "err\n", "out, err, partial, empty", got: logs.summary)
                let timed = try await context.launcher(["logs", name, "main", "--timestamps", "--tail", "1"]).succeeded()
                try expect(timed.output.hasPrefix("20") && timed.output.hasSuffix("Z empty\n"), "a time and empty", got: timed.summary)
                let child = try await context.launcher(["exec", "--detach", name, "--", "sh", "-c", "echo in exec; sleep 0.2; echo end"])
                    .succeeded()
                let again = try await context.launcher(["logs", "--follow", name, child.text]).succeeded()
                try expect("of exec", again.output, is: "in exec\nend\n")
                try await context.launcher(["logs", name, "nobody"]).refused(status: 125, naming: ["nobody", "main"])
                _ = try await context.launcher(["stop", name]).succeeded()
                try await context.launcher(["logs", name]).refused(status: 125, naming: [name])
            },
            Check("without --keep the vNode ends with its command; stop ends one that goes on") { context in
                let name = "\(conf)-end"
                _ = try await context.launcher(["run", "--detach", "--name", name, "--", "sleep", "0.5"]).succeeded()
                var left = true
                for _ in 0..<1200 where left {
                    left = try await context.launcher(["list"]).succeeded().output.contains(name)
                    if left { try await Task.sleep(for: .milliseconds(50)) }
                }
                try expect(!left, "no \(name)", got: "it is there")
                _ = try await context.launcher(["run", "--detach", "--name", name, "--", "sleep", "60"]).succeeded()
                _ = try await context.launcher(["stop", "--timeout", "5", name]).succeeded()
                try expect(!(try await context.launcher(["list"]).succeeded().output.contains(name)), "no \(name)", got: "it is there")
            },
            Check("what cannot start is told, with its status") { context in
                try await context.launcher(["run", "--detach", "--", "no-such-command"]).refused(status: 127, naming: ["no-such-command"])
                try await context.launcher(["run", "--detach", "--rootfs", "/no/such", "--", "true"]).refused(
                    status: 125, naming: ["/no/such"])
                try await context.launcher(["run", "--detach", "-t", "--", "true"]).refused(naming: ["--tty"])
            },
            Check("a container that talks without end keeps its last megabytes, no more") { context in
                let name = "\(conf)-talk"
                let script =
                    "i=0; while [ $i -lt 60000 ]; do echo line $i is long enough to be sixty bytes in all, or about so; i=$((i+1)); done; echo last"
                _ = try await context.launcher(["run", "--detach", "--keep", "--name", name, "--", "sh", "-c", script]).succeeded()
                let logs = try await context.launcher(["logs", "--follow", name]).succeeded()
                try expect(
                    logs.output.hasSuffix("line 59999 is long enough to be sixty bytes in all, or about so\nlast\n"), "the end",
                    got: "\(logs.output.suffix(200))")
                let sizes = try Files.names("/run/vnode/vnodes/\(name)/logs").map {
                    try Files.status("/run/vnode/vnodes/\(name)/logs/\($0)").st_size
                }
                try expect(sizes.count == 2 && sizes.allSatisfy { $0 <= 1 << 20 }, "two files of a megabyte", got: "\(sizes)")
                _ = try await context.launcher(["stop", name]).succeeded()
            },
            Check("--env, --cwd and --user of run and exec") { context in
                let script = ["sh", "-c", "pwd; id -u; id -g; echo $A-$B-$HOME; env | grep -c ^PATH="]
                let options = ["-e", "A=1 2", "--env", "B", "--cwd", "/tmp", "--user", "nobody:5", "--env", "PATH=/usr/bin:/bin"]
                let expected = "/tmp\n65534\n5\n1 2-given-/nonexistent\n1\n"
                try await context.kept("\(conf)-who") {
                    let exec = try await context.launcher(["exec"] + options + ["\(conf)-who", "--"] + script, environment: ["B": "given"])
                    try expect("of exec", exec.output, is: expected)
                }
                let run = try await context.launcher(["run"] + options + ["--"] + script, environment: ["B": "given"])
                try expect("of run", run.output, is: expected)
                try await context.run(["true"], options: ["--user", "eve"]).refused(status: 125, naming: ["--user eve", "/etc/passwd"])
                try await context.run(["true"], options: ["--user", "70000"]).refused(status: 125, naming: ["70000", "65535"])
                try await context.run(["true"], options: ["--cwd", "x"]).refused(naming: ["--cwd"])
                try await context.run(["true"], options: ["--env", "=x"]).refused(naming: ["--env"])
            },
        ])
}
