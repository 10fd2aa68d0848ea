import FoundationEssentials
import Linux

extension Suite {
    /// Cgroups root of a vNode makes below its own.
    static let delegation = Suite(
        name: "delegation",
        checks: [
            Check("without --delegate-cgroup root of a vNode makes no cgroup") { context in
                let script = "mkdir /sys/fs/cgroup/a 2>&1 || true; echo 0 2>&1 >/sys/fs/cgroup/cgroup.procs || true"
                let output = try await context.inside(script)
                try expect(output.contains("'/sys/fs/cgroup/a': Permission denied"), "Permission denied", got: output)
            },
            Check("with it there are some, with its processes in them, and none is left") { context in
                let script = """
                    cd /sys/fs/cgroup; mkdir a a/b; echo $$ >a/b/cgroup.procs; cat /proc/self/cgroup | grep ^0
                    echo $$ >cgroup.procs; rmdir a/b; sleep 100 & echo $! >a/cgroup.procs; echo 1 >a/cgroup.freeze
                    """
                try expect("cgroup", try await context.inside(script, options: ["--delegate-cgroup"]), is: "0::/a/b\n")
            },
            Check("names that are no text are counted and taken away with the rest") { context in
                let name = "\(conf)-bytes"
                _ = try await context.run(["true"], options: ["--keep", "--name", name, "--delegate-cgroup"]).succeeded()
                let script = #"""
                    cd /sys/fs/cgroup; odd=$(printf '\377\376'); mkdir -p "$odd/$odd" a; sleep 100 & echo $! >"$odd/$odd/cgroup.procs"
                    echo made; wait
                    """#
                let words = [context.program("vnode"), "exec", name, "--", "sh", "-c", script]
                _ = try await withProgram(words, in: context) { program in
                    try await program.says("made\n")
                    let top = try await context.launcher(["top", "--format", "json"]).succeeded().output
                    let used = try JSONDecoder().decode([Used].self, from: Data(top.utf8)).first { $0.name == name }
                    // The first process, the shell and its sleep.
                    try expect(used?.processes == 3, "three processes of \(name)", got: top)
                    _ = try await context.launcher(["stop", "--timeout", "1", name]).succeeded()
                    try await program.ended()
                }
                let path = "\(Machine.cgroup2)/vnode/\(name)"
                try expect(!Files.exists(path), "no \(path)", got: "it is there")
            },
            Check("as deep and as many as can be taken away, and the limits stay the node's") { context in
                let script = """
                    cd /sys/fs/cgroup; long=$(printf %0250d 0)
                    n=0; while mkdir $long 2>/dev/null; do cd ./$long; n=$((n+1)); done; echo $n deep
                    cd /sys/fs/cgroup; n=0; while mkdir c$n 2>/dev/null; do n=$((n+1)); done; echo $n more
                    for file in *; do [ -f $file ] && [ -w $file ] && echo $file; done; true
                    """
                let expected = "12 deep\n988 more\ncgroup.procs\ncgroup.subtree_control\ncgroup.threads\n"
                try expect("what there is", try await context.inside(script, options: ["--delegate-cgroup"]), is: expected)
            },
            Check("a command that joins has its own, and none of another's") { context in
                let name = "\(conf)-shared"
                _ = try await context.run(["true"], options: ["--keep", "--name", name, "--delegate-cgroup"]).succeeded()
                let script = "mkdir /sys/fs/cgroup/a && cat /proc/self/cgroup"
                let outcome = try await context.launcher(["exec", name, "--", "sh", "-c", script])
                try expect(try outcome.succeeded().lines.last == "0::/", "0::/", got: outcome.summary)
                _ = try await context.launcher(["stop", name]).succeeded()
            },
        ])
}

private struct Used: Decodable {
    let name: String
    let processes: Int
}
