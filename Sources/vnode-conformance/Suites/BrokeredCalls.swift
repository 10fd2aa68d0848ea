import Glibc
import Linux

extension Suite {
    /// What the filter refuses, by every table of system calls, and what the daemon answers in the kernel's place.
    static let syscalls = Suite(
        name: "syscalls", checks: [filters, foreign, numbers, brokeredMounts, nestedEngine, callsThroughDeaths].flatMap(\.self))

    /// perl: `t NAME, NUMBER, ARGUMENTS` prints the name and the errno.
    static let tries = "sub t { my ($n, $c, @a) = @_; my $r = syscall($c, @a); print \"$n \", ($r < 0 ? $!+0 : 0), \"\\n\" }\n"

    private static let filters: [Check] = [
        Check("PID 1, a container and what is entered later have the filter") { context in
            try await context.withDaemon { daemon in
                let vnode = try await context.keep("filter", on: daemon)
                let read =
                    "for p in 1 self; do grep -E '^(Seccomp|NoNewPrivs):' /proc/$p/status; done; cat /proc/sys/user/max_user_namespaces"
                let inside = try await context.launcher(["exec", vnode.name, "--", "sh", "-c", read]).succeeded()
                try expect(
                    "PID 1, the program, namespaces", inside.lines.map { $0.filter { $0 != "\t" } },
                    is: ["NoNewPrivs:0", "Seccomp:2", "NoNewPrivs:0", "Seccomp:2", "0"])
                try await context.stop(vnode)
            }
        },
        Check("what is refused, and with which errno") { context in
            #if arch(x86_64)
                let numbers = (
                    mknod: 259, unshare: 272, clone: 56, setns: 308, bpf: 321, modules: [175, 313, 176], kexec: [246, 320], log: 103
                )
            #elseif arch(arm64)
                let numbers = (
                    mknod: 33, unshare: 97, clone: 220, setns: 268, bpf: 280, modules: [105, 273, 106], kexec: [104, 294], log: 116
                )
            #endif
            let user = 0x1000_0000
            var script = tries
            // 0xffffff9c: AT_FDCWD.
            for (name, mode, device) in [
                ("char", 0o020666, 0x103), ("block", 0o060666, 0x800), ("whiteout", 0o020666, 0), ("fifo", 0o010666, 0),
                ("socket", 0o140666, 0),
            ] { script += "{ my $p = \"/tmp/\(name)\"; t '\(name)', \(numbers.mknod), -100, $p, \(mode), \(device) }\n" }
            script += "t 'unshare', \(numbers.unshare), \(user); t 'clone', \(numbers.clone), \(user | 17), 0, 0, 0, 0;\n"
            script += "t 'clone3', 435, 0, 0; t 'setns', \(numbers.setns), 0, \(user); t 'bpf', \(numbers.bpf), 0, 0, 0;\n"
            for number in numbers.modules { script += "t 'module', \(number), 0, 0, 0;\n" }
            for number in numbers.kexec { script += "t 'kexec', \(number), 0, 0, 0, 0;\n" }
            script += "t 'log', \(numbers.log), 10, 0, 0; t 'fsopen', 430, 0, 0\n"
            let text = try await context.inside("perl <<'E'\n\(script)E")
            let refused = ["char \(EPERM)", "block \(EPERM)", "whiteout 0", "fifo 0", "socket 0"]
            let others = ["unshare \(EPERM)", "clone \(EPERM)", "clone3 \(ENOSYS)", "setns \(EPERM)", "bpf \(EPERM)"]
            let kernels = Array(repeating: "module \(EPERM)", count: 3) + Array(repeating: "kexec \(EPERM)", count: 2)
            try expect(
                "answers", text.split(separator: "\n").map(String.init),
                is: refused + others + kernels + ["log \(EPERM)", "fsopen \(ENOSYS)"])
        },
        Check("a container whose calls nobody would answer is ended") { context in
            let name = "\(conf)-unheard"
            let words = [context.program("vnode"), "run", "--name", name, "--", "sh", "-c", "echo up; exec sleep 600"]
            let (_, outcome) = try await withProgram(words, in: context) { program in
                try await program.says("up\n")
                // Where the engine leaves the descriptor, somebody comes without one.
                let path = "/inner/main/seccomp.sock"
                let connect = "socket(my $s, AF_UNIX, SOCK_STREAM, 0); connect($s, sockaddr_un('\(path)')) or die $!; syswrite($s, 'x')"
                _ = try await command(
                    ["nsenter", "-t", "\(program.pid)", "-m", "perl", "-MSocket", "-e", connect], in: context
                ).succeeded()
                try await program.ended()
            }
            try outcome.refused(status: 125, naming: ["taking the seccomp descriptor"])
            let list = try await context.launcher(["list"]).succeeded()
            try expect(!list.output.contains(name), "no \(name)", got: list.output)
        },
        Check("other namespaces are made as before") { context in
            _ = try await context.inside("unshare -m -p -n -i -u -C -f true")
        },
    ]

    #if arch(x86_64)
        private static let foreign: [Check] = [
            Check("x32 numbers are no way round") { context in
                let bit = 0x4000_0000
                let script =
                    tries
                    + "{ my $p = \"/tmp/c\"; t 'mknod', \(133 | bit), $p, \(0o020666), 259 }\n"
                    + "t 'unshare', \(272 | bit), 0x10000000; t 'clone3', \(435 | bit), 0, 0; t 'bpf', \(321 | bit), 0, 0, 0;\n"
                    + "{ my ($p, $q) = ('nfsd', '/tmp'); t 'nfsd', \(165 | bit), $p, $q, $p, 0, 0 }\n"
                let text = try await context.inside("perl <<'E'\n\(script)E")
                // ENOSYS where the kernel has none of them.
                for line in text.split(separator: "\n") {
                    try expect([" \(EPERM)", " \(ENOSYS)"].contains { line.hasSuffix($0) }, "EPERM or ENOSYS", got: text)
                }
            },
            Check("32-bit programs are no way round") { context in
                // By number: mknod, unshare, clone, setns, bpf, init_module, fsopen, clone3, mount of nfsd.
                let calls: [(String, CompatProgram, [Int32])] = [
                    ("mknod", CompatProgram(number: 14, arguments: [CompatProgram.place, 0o020666, 0x103]), [EPERM]),
                    ("fifo", CompatProgram(number: 14, arguments: [CompatProgram.place, 0o010666, 0]), [0]),
                    ("unshare", CompatProgram(number: 310, arguments: [0x1000_0000]), [EPERM]),
                    ("clone", CompatProgram(number: 120, arguments: [0x1000_0011, 0, 0, 0]), [EPERM]),
                    ("setns", CompatProgram(number: 346, arguments: [0, 0x1000_0000]), [EPERM]),
                    ("bpf", CompatProgram(number: 357, arguments: [0, 0, 0]), [EPERM]),
                    ("init_module", CompatProgram(number: 128, arguments: [0, 0, 0]), [EPERM]),
                    ("fsopen", CompatProgram(number: 430, arguments: [0, 0]), [ENOSYS]),
                    ("clone3", CompatProgram(number: 435, arguments: [0, 0]), [ENOSYS]),
                    (
                        "nfsd", CompatProgram(number: 21, arguments: [CompatProgram.nfsd, CompatProgram.place, CompatProgram.nfsd, 0, 0]),
                        [EPERM]
                    ),
                ]
                for (name, program, wanted) in calls {
                    let text = try await context.inside("\(program.script(at: "/run/compat")); /run/compat; echo $?")
                    // 126: the kernel has no 32-bit programs.
                    try expect((Int32(trim(text)).map { wanted.contains($0) || $0 == 126 }) == true, "\(name): errno \(wanted)", got: text)
                }
            },
            Check("sysinfo of a 32-bit program has its layout") { context in
                let program = CompatProgram(number: 116, arguments: [CompatProgram.buffer], room: 64)
                let text = try await context.inside(
                    "\(program.script(at: "/run/compat")); /run/compat >/run/out; echo $?; perl -e '\(unpackCompat)' </run/out; "
                        + "grep -E '^(MemTotal|SwapTotal)' /proc/meminfo")
                let lines = text.split(separator: "\n").map(String.init)
                if lines.first == "126" { return }
                try expect("status and totals", lines.first, is: "0")
                let numbers = lines.filter { !$0.hasPrefix("0") || $0.contains(" ") }.flatMap { $0.split(separator: " ") }.compactMap {
                    UInt64($0)
                }
                try expect(numbers.count == 4 && numbers[0] == numbers[2] && numbers[1] == numbers[3], "the totals of meminfo", got: text)
            },
        ]

        /// Totals in kB.
        private static let unpackCompat =
            "read STDIN, $b, 64; @v = unpack \"l<L<9S<S<L<3\", $b; print $v[4]*$v[14]/1024, \" \", $v[8]*$v[14]/1024, \"\\n\""
    #else
        private static let foreign: [Check] = []
    #endif

    private static let numbers: [Check] = [
        Check("sysinfo agrees with the files") { context in
            #if arch(x86_64)
                let number = 99
            #elseif arch(arm64)
                let number = 179
            #endif
            let script = """
                my $b = "\\0" x 112; syscall(\(number), $b) == 0 or die "sysinfo: $!"; my @v = unpack "q<Q<3Q<6S<S<L<Q<2L<", $b;
                sub all { open my $f, "<", shift; local $/; <$f> } my %m = all("/proc/meminfo") =~ /(\\w+): +(\\d+)/g; my ($u) = all("/proc/uptime") =~ /(\\d+)/;
                my @l = all("/proc/loadavg") =~ /([\\d.]+) ([\\d.]+) ([\\d.]+) \\d+\\/(\\d+)/;
                print "total\\n" if $v[4] != $m{MemTotal} * 1024; print "swap\\n" if $v[8] != $m{SwapTotal} * 1024;
                print "free $v[5] $m{MemFree}\\n" if abs($v[5] / 1024 - $m{MemFree}) > 200000; print "unit\\n" if $v[15] != 1;
                print "uptime $v[0] $u\\n" if $v[0] < $u || $v[0] > $u + 2; print "load $v[1] $l[0]\\n" if abs($v[1] / 65536 - $l[0]) > 0.02;
                print "processes $v[10] $l[3]\\n" if abs($v[10] - $l[3]) > 2; print "bad pointer $!\\n" if syscall(\(number), 8) == 0 || $!+0 != 14; print "done\\n"
                """
            try expect("differences", try await context.inside("perl <<'E'\n\(script)\nE"), is: "done\n")
        },
        Check("affinity is the kernel's where no quota decides") { context in
            let text = try await context.inside(
                "nproc; grep -c ^processor /proc/cpuinfo; taskset -c 0 nproc; taskset -p 999999 2>&1 | tail -1")
            let lines = text.split(separator: "\n").map(String.init)
            try expect(
                lines.count == 4 && lines[0] == lines[1] && lines[2] == "1" && lines[3].contains("No such process"), "agreement", got: text)
        },
    ]
}
