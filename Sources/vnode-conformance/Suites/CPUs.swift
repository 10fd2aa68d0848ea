import Linux

extension Suite {
    static let cpus = Suite(
        name: "cpus",
        checks: [
            Check("--cpuset 1 is CPU 1 alone, in every file") { context in try await shows(context, list: "1", cpus: [1]) },
            Check("--cpuset 0 is CPU 0 alone, in every file") { context in try await shows(context, list: "0", cpus: [0]) },
            Check("--cpuset 0-1 is both") { context in try await shows(context, list: "0-1", cpus: [0, 1]) },
            Check("--cpuset holds in vnode exec too") { context in
                _ = try await context.launcher(["run", "--name", "\(conf)-cpu", "--keep", "--cpuset", "1", "--", "true"]).succeeded()
                let outcome = try await context.launcher([
                    "exec", "\(conf)-cpu", "--", "sh", "-c", "nproc; cat /sys/devices/system/cpu/online; taskset -p $$",
                ])
                _ = try await context.launcher(["stop", "\(conf)-cpu"])
                try expect(outcome.output.hasPrefix("1\n1\n") && outcome.text.hasSuffix(": 2"), "1, 1 and mask 2", got: outcome.summary)
            },
            refusal("--cpuset of a CPU that is not there", "8000", naming: ["--cpuset", "8000"]),
            refusal("--cpuset that is no list", "a", naming: ["--cpuset"]),
            refusal("--cpuset that is empty", "", naming: ["--cpuset"]),
            refusal("--cpuset backwards", "1-0", naming: ["--cpuset"]),
        ])

    private static func shows(_ context: Context, list: String, cpus: [Int]) async throws {
        let script = """
            sed -n 's/^processor.*: //p' /proc/cpuinfo | tr '\\n' ' '; echo
            sed -n 's/^cpu\\([0-9][0-9]*\\).*/\\1/p' /proc/stat | tr '\\n' ' '; echo
            cd /sys/devices/system/cpu; ls -d cpu[0-9]* | sed s/cpu// | tr '\\n' ' '; echo
            cat online present; nproc; taskset -cp $$ | sed 's/.*: //'
            lscpu -p=cpu | grep -v '#' | tr '\\n' ' '; echo
            """
        let text = try await context.inside(script, options: ["--cpuset", list])
        let numbers = cpus.map { "\($0) " }.joined()
        let short = cpus.count == 1 ? "\(cpus[0])" : "\(cpus[0])-\(cpus[cpus.count - 1])"
        let affinity = cpus.count == 2 ? "0,1" : short
        let wanted = [numbers, numbers, numbers, short, short, "\(cpus.count)", affinity, numbers]
        try expect(
            "cpuinfo, stat, directories, online, present, nproc, affinity, lscpu", text.split(separator: "\n").map(String.init), is: wanted)
    }

    private static func refusal(_ name: String, _ list: String, naming words: [String]) -> Check {
        Check("refuses \(name)") { context in try await context.run(["true"], options: ["--cpuset=\(list)"]).refused(naming: words) }
    }
}
