import CAdversary
import CLinux
import Glibc
import Linux
import SystemPackage

/// What the launcher and the engine may be made to do: by who calls them, by what is in the vNode already, by what is in a root
/// filesystem.
extension Stage {
    func launcher() throws {
        try leaks()
        try traps()
        try watched()
        try roots()
        try raced()
        try advertising()
        names(of: ["../other", "a/b", "..", ".", "", " ", "-rf", "a\nb", "%s", String(repeating: "x", count: 300), "ä"])
        inspect("after the attacks on the launcher")
    }

    /// Attacks of one kind, made in a fresh container by a caller who stands in `directory` and has `inherited` open.
    private func look(_ filter: String, _ title: String, _ words: [String], directory: String, inherited: [CInt]) throws {
        var arguments = "attack --filter \(Stage.quote(filter))"
        for (key, value) in facts.sorted(by: { $0.key < $1.key }) { arguments += " --fact \(Stage.quote("\(key)=\(value)"))" }
        let command = words + ["--", "sh", "-c", Stage.receive(arguments)]
        let job = try Job(command, errors: errors, directory: directory, inherited: inherited)
        job.send(file: programs.own)
        job.closeInput()
        try note(job, title)
    }

    private func note(_ job: Job, _ title: String) throws {
        var count = 0
        let known = Dictionary(Attack.all.map { ("\($0.family)\t\($0.name)", $0) }) { first, _ in first }
        while let line = job.line(seconds: Attempt.patience + 60) {
            let fields = line.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, let attack = known["\(fields[0])\t\(fields[1])"], let finding = Finding(line: fields[2]) else {
                continue
            }
            report.add(Row("launcher", "\(title): \(attack.name)", finding, .launcher))
            count += 1
        }
        job.end()
        if count == 0 { fail(title, "nothing was looked at: \(Scene.text(errors)?.suffix(300) ?? "")") }
    }

    /// CVE-2024-21626: what a careless caller leaves open, and where it stands.
    private func leaks() throws {
        let root = try Files.open("/", flags: O_RDONLY | O_DIRECTORY)
        let secret = try Files.open(scratch + "/secret", flags: O_RDONLY)
        let groups = try Files.open("/sys/fs/cgroup", flags: O_RDONLY | O_DIRECTORY)
        let mounts = try Files.open("/proc/self/ns/mnt", flags: O_RDONLY)
        // High numbers too: an engine may count its own from 3.
        let high = try check(clinux_fcntl(root.raw, F_DUPFD_CLOEXEC, 200))
        defer { _ = Glibc.close(high) }
        let held = [root.raw, secret.raw, groups.raw, mounts.raw, high]
        for (title, words) in [
            ("vnode exec with descriptors left open", [programs.vnode, "exec", attacker]),
            ("vnode run with descriptors left open", [programs.vnode, "run", "--name", names + "-leak"]),
        ] {
            try look("descriptors", title, words, directory: scratch, inherited: held)
            try look("working directory", title, words, directory: scratch, inherited: held)
        }
        try terminal()
    }

    /// A container that is given the caller's terminal as input must not type on it.
    private func terminal() throws {
        let keeper = try Files.open("/dev/ptmx", flags: O_RDWR | O_NOCTTY)
        // TIOCSPTLCK, TIOCGPTN.
        let unlocked = Kernel.place([0, 0, 0, 0])
        _ = try control(keeper.raw, 0x4004_5431, unlocked)
        let number = Kernel.place([0, 0, 0, 0])
        _ = try control(keeper.raw, 0x8004_5430, number)
        guard let at = unsafe UnsafeRawPointer(bitPattern: number) else { return }
        let path = unsafe "/dev/pts/\(at.loadUnaligned(as: UInt32.self))"
        let ours = try Files.open(path, flags: O_RDWR | O_NOCTTY)
        let root = scratch + "/root-terminal"
        try makeRoot(root)
        let words = [
            programs.vnode, "run", "--name", names + "-terminal", "--rootfs", root, "--", "/adversary", "attack", "--filter",
            "terminal of the caller",
            "--directory", "/",
        ]
        let job = try Job(words, errors: errors, terminal: ours.raw)
        job.end(seconds: 60)
        var text: [UInt8] = []
        while (try? Poll.readable([keeper.raw], milliseconds: 100)) == [true], text.count < 65536 {
            var piece = [UInt8](repeating: 0, count: 4096)
            let raw = keeper.raw
            let size = unsafe piece.withUnsafeMutableBytes { unsafe read(raw, $0.baseAddress, $0.count) }
            if size <= 0 { break }
            text += piece.prefix(size)
        }
        let lines = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline)
        let findings = lines.compactMap { line -> Finding? in
            let fields = line.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
            return fields.count == 3 && fields[0] == "processes" ? Finding(line: fields[2]) : nil
        }
        report.add(
            Row("launcher", "typing on the terminal a container is given", findings.first ?? .breached("no answer: \(lines)"), .permission))
    }

    /// Root of the vNode prepares, then another container is put into it.
    private func traps() throws {
        for (trap, value, undo) in [
            ("shm", "/proc", nil), ("shm", "/node/etc", nil), ("subset", "pid", ","), ("roots", "/proc", nil),
        ] as [(String, String, String?)] {
            let job = try Job([programs.vnode, "exec", attacker, "--", "sh", "-c", Stage.receive("act \(trap) \(value)")], errors: errors)
            job.send(file: programs.own)
            job.closeInput()
            let said = job.lines(seconds: 60)
            job.end()
            if said.last != "prepared" { fail("trap \(trap)", said.joined(separator: " ")) }
            let second = undo.map { "act \(trap) \($0) >/dev/null; /tmp/adversary " } ?? ""
            var arguments = "attack --filter 'in sight: what'"
            for (key, value) in facts { arguments += " --fact \(Stage.quote("\(key)=\(value)"))" }
            let script = Stage.receive(second + arguments).replacingOccurrence(of: "exec /tmp/adversary act", with: "/tmp/adversary act")
            let next = try Job([programs.vnode, "exec", attacker, "--", "sh", "-c", script], errors: errors)
            next.send(file: programs.own)
            next.closeInput()
            try note(next, "a trap for the next container (\(trap) \(value))")
        }
    }

    /// CVE-2016-9962, CVE-2019-5736: engines come into the vNode while somebody looks into each new process.
    private func watched() throws {
        let watcher = try Job([programs.vnode, "exec", attacker, "--", "sh", "-c", Stage.receive("watch --seconds 3")], errors: errors)
        watcher.send(file: programs.own)
        watcher.closeInput()
        guard watcher.line(seconds: 60) == "watching" else { return fail("the watcher", "did not start") }
        let end = ContinuousClock.now + .milliseconds(2500)
        var count = 0
        while ContinuousClock.now < end {
            try run([programs.vnode, "exec", attacker, "--", "true"])
            count += 1
        }
        let words = (watcher.line(seconds: 60) ?? "").split(separator: "\t")
        watcher.end()
        let text = words.last.map(String.init) ?? "nothing said"
        report.add(
            Row(
                "launcher", "engines on their way into the vNode are looked into",
                words.first == "contained" ? .contained("\(count) containers, \(text)") : .breached(text), .launcher))
    }

    /// CVE-2025-31133, 52565, 52881: root filesystems that are made to lead mounts astray.
    private func roots() throws {
        let variants: [(String, (String) throws -> Void)] = [
            ("nothing of it", { _ in }),
            ("/proc a symlink to /tmp", { try Stage.replace("\($0)/proc", "/tmp") }),
            ("/proc a symlink out", { try Stage.replace("\($0)/proc", "../../../../../proc") }),
            ("/sys a symlink to /proc", { try Stage.replace("\($0)/sys", "/proc") }),
            ("/dev a symlink to the staging /dev", { try Stage.replace("\($0)/dev", "../../../dev") }),
            ("/dev a symlink to /proc", { try Stage.replace("\($0)/dev", "/proc") }),
            (
                "/dev/shm and /dev/pts symlinks",
                {
                    try Stage.replace("\($0)/dev/shm", "/proc")
                    try Stage.replace("\($0)/dev/pts", "/sys")
                    try Stage.replace("\($0)/dev/console", "/proc/sysrq-trigger")
                    try Stage.replace("\($0)/dev/null", "/proc/sys/kernel/core_pattern")
                }
            ),
            (
                "/sys/fs a symlink",
                {
                    try Directories.makeAll("\($0)/sys")
                    try Stage.replace("\($0)/sys/fs", "/proc")
                }
            ),
            ("/etc a symlink out", { try Stage.replace("\($0)/etc", "../../node/etc") }),
        ]
        for (number, (title, change)) in variants.enumerated() {
            let root = "\(scratch)/root-\(number)"
            try makeRoot(root)
            try change(root)
            let (finding, status) = try enter(root)
            let refused = Finding.contained(
                "no container: status \(status), \((Scene.text(errors) ?? "").split(separator: "\n").last ?? "")")
            report.add(Row("launcher", "a root filesystem with \(title)", finding ?? refused, .launcher))
            if number == 0, finding == nil {
                fail("a root filesystem without tricks", Scene.text(errors).map { String($0.suffix(300)) } ?? "")
            }
        }
        try selfAsInterpreter()
    }

    /// The same, by somebody who swaps entries of the root filesystem while containers start in it.
    private func raced() throws {
        let root = scratch + "/root-raced"
        try makeRoot(root)
        try Directories.makeAll(root + "/sys/fs")
        for name in ["dev/shm", "dev/pts"] { try Directories.makeAll("\(root)/\(name)") }
        for (name, target) in [
            ("proc", "/"), ("proc", "../../outer/proc"), ("sys", "/proc"), ("dev", "../../../dev"), ("etc", "/node/etc"),
            ("tmp", "/proc/1"),
        ] {
            let (entry, swapped) = ("\(root)/\(name)", "\(root)/.swapped")
            try Stage.replace(swapped, target)
            // RENAME_EXCHANGE.
            let exchange = {
                _ = Kernel.raw(.renameat2, [.number(Kernel.here), .text(entry), .number(Kernel.here), .text(swapped), 2])
            }
            let driver = getpid()
            let swaps = try Child.fork {
                while getppid() == driver { exchange() }
                return 0
            }
            var (started, refused, fault) = (0, 0, Finding?.none)
            for _ in 0..<min(max(rounds, 1), 8) {
                let finding = try enter(root).finding
                if let finding, finding.isFault { fault = finding }
                if finding == nil { refused += 1 } else { started += 1 }
            }
            kill(swaps, SIGKILL)
            _ = try? Processes.wait(swaps)
            if Directories.kind(swapped) == .directory {
                exchange()
            }
            report.add(
                Row(
                    "launcher", "a root filesystem whose /\(name) becomes a symlink to \(target) and back meanwhile",
                    fault ?? .contained("\(started) containers, \(refused) refused"), .launcher))
        }
    }

    /// What a container in a root filesystem sees, nil when there is none, and its status.
    private func enter(_ root: String) throws -> (finding: Finding?, status: Int32) {
        let words = [
            programs.vnode, "run", "--name", "\(names)-root", "--rootfs", root, "--", "/adversary", "attack", "--filter",
            "in sight: what", "--directory", "/",
        ]
        let job = try Job(words + facts.flatMap { ["--fact", "\($0.key)=\($0.value)"] }, errors: errors)
        job.closeInput()
        let lines = job.lines(seconds: Attempt.patience + 60)
        let status = job.end()
        let finding = lines.compactMap { line -> Finding? in
            let fields = line.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
            return fields.count == 3 && fields[0] == "in sight" ? Finding(line: fields[2]) : nil
        }.first
        return (finding, status)
    }

    /// CVE-2019-5736: the engine runs itself as the interpreter of a script, while others lie in wait for its program.
    private func selfAsInterpreter() throws {
        let root = scratch + "/root-script"
        try makeRoot(root)
        _ = try Files.open(root + "/script", flags: O_WRONLY | O_CREAT, mode: 0o755)
        try Files.write("#!/proc/self/exe\n", to: root + "/script")
        let name = names + "-script"
        try run([programs.vnode, "run", "--name", name, "--rootfs", root, "--keep", "--", "/adversary", "watch", "--seconds", "0"])
        defer { try? run([programs.vnode, "stop", "--timeout", "1", name]) }
        let watcher = try Job([programs.vnode, "exec", name, "--", "/adversary", "watch", "--seconds", "2"], errors: errors)
        _ = watcher.line(seconds: 60)
        for _ in 0..<5 {
            let job = try Job([programs.vnode, "exec", name, "--", "/script"], errors: errors)
            job.closeInput()
            job.end()
        }
        let words = (watcher.line(seconds: 60) ?? "").split(separator: "\t")
        watcher.end()
        let text = words.last.map(String.init) ?? "nothing said"
        report.add(
            Row(
                "launcher", "#!/proc/self/exe, and who waits to overwrite it",
                words.first == "contained" ? .contained(text) : .breached(text), .permission))
    }

    private static func replace(_ path: String, _ target: String) throws(Errno) {
        if unsafe unlink(path) != 0 { try? Directories.removeTree(path) }
        try Directories.link(path, to: target)
    }

    /// This program and the libraries it has loaded.
    private func makeRoot(_ root: String) throws {
        for name in ["etc", "dev", "proc", "sys", "tmp"] { try Directories.makeAll("\(root)/\(name)") }
        var files = Set<String>()
        for line in (Scene.text("/proc/self/maps") ?? "").split(separator: "\n") {
            if let slash = line.firstIndex(of: "/"), line.contains(".so") { files.insert(String(line[slash...])) }
        }
        for file in files {
            guard let end = file.lastIndex(of: "/") else { continue }
            try Directories.makeAll(root + String(file[..<end]))
            try copy(file, to: root + file, mode: 0o755)
            // Loaded by a shorter name: libc++.so.1 is a link to libc++.so.1.0.
            let name = file[file.index(after: end)...]
            if let mark = name.firstRange(of: ".so.") {
                let short = name[..<mark.upperBound] + name[mark.upperBound...].prefix { $0 != "." }
                if short != name { try? Directories.link(root + file[...end] + short, to: String(name)) }
            }
        }
        for loader in ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"] where unsafe access(loader, R_OK) == 0 {
            guard let end = loader.lastIndex(of: "/") else { continue }
            try Directories.makeAll(root + String(loader[..<end]))
            try copy(loader, to: root + loader, mode: 0o755)
        }
        try copy(programs.own, to: root + "/adversary", mode: 0o755)
    }

    private func copy(_ from: String, to: String, mode: UInt32) throws {
        let source = try Files.open(from, flags: O_RDONLY)
        let target = try Files.open(to, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
        let size = lseek(source.raw, 0, SEEK_END)
        _ = lseek(source.raw, 0, SEEK_SET)
        var left = Int(size)
        while left > 0 {
            let step = try check(sendfile(target.raw, source.raw, nil, left))
            if step == 0 { break }
            left -= step
        }
    }

    private func names(of list: [String]) {
        for name in list {
            for words in [["run", "--name", name, "--", "true"], ["exec", name, "--", "true"], ["stop", name]] {
                guard let job = try? Job([programs.vnode] + words, errors: errors) else { continue }
                job.closeInput()
                let status = job.end()
                if status == 0 || status >= 128 {
                    fail("vnode \(words[0]) of the name \(name.debugDescription)", "status \(status)")
                }
            }
        }
        report.add(
            Row("launcher", "\(list.count) names that are paths, options or nothing", .refused(call: "vnode", error: EINVAL), .launcher))
    }
}

extension String {
    func replacingOccurrence(of old: String, with new: String) -> String {
        guard let range = firstRange(of: old) else { return self }
        var copy = self
        copy.replaceSubrange(range, with: new)
        return copy
    }
}
