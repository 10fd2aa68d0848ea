import Glibc
import Linux

extension Suite {
    static let rootfs = Suite(
        name: "rootfs",
        checks: [
            Check("a command runs in it and sees the vNode's /proc") { context in
                let root = try await tree(context)
                let outcome = try await context.run(
                    ["/bin/sh", "-c", "echo hello; read up idle </proc/uptime; echo ${up%.*}; echo $$"], options: ["--rootfs", root]
                ).succeeded()
                let lines = outcome.lines
                try expect(
                    lines.count == 3 && lines[0] == "hello" && (Int(lines[1]).map { $0 < 10 } ?? false), "hello and an uptime below 10 s",
                    got: outcome.summary)
            },
            Check("writes inside do not change it") { context in
                let root = try await tree(context)
                let before = try listing(root)
                let script =
                    "echo x >/new; echo x >/etc/marker; echo x >>/bin/cat; /bin/rm /etc/marker2; /bin/mkdir /dir; /bin/chmod 777 /etc; /bin/cat /new /etc/marker"
                let outcome = try await context.run(["/bin/sh", "-c", script], options: ["--rootfs", root])
                try expect(outcome.output == "x\nx\n", "what was written, inside", got: outcome.summary)
                try expect("tree on the node", try listing(root), is: before)
            },
            Check("what is written is there, as root's, until the vNode ends") { context in
                let root = try await tree(context)
                let outcome = try await context.run(
                    ["/bin/sh", "-c", "echo x >/new && /bin/cat /new && /bin/stat -c '%u %n' /new /bin/cat /etc"],
                    options: ["--rootfs", root])
                try expect(outcome.output == "x\n0 /new\n0 /bin/cat\n0 /etc\n", "x and files of root", got: outcome.summary)
                let again = try await context.run(["/bin/sh", "-c", "[ -e /new ] && echo still; true"], options: ["--rootfs", root])
                    .succeeded()
                try expect("/new in the next vNode", again.output, is: "")
            },
            Check("nothing of the machine's is in it") { context in
                let root = try await tree(context)
                let outcome = try await context.run(
                    ["/bin/sh", "-c", "echo started /*; [ -e /usr/bin/perl ] && echo perl; true"], options: ["--rootfs", root]
                ).succeeded()
                let names = Set(outcome.output.split(whereSeparator: \.isWhitespace).map(String.init))
                try expect(
                    names.contains("started")
                        && names.subtracting(["started"]).isSubset(
                            of: Set(Files.names(root).map { "/" + $0 }).union(["/dev", "/proc", "/sys", "/run", "/tmp", "/etc"])),
                    "its own names", got: outcome.output)
            },
            Check("a command it does not have is 127") { context in
                let root = try await tree(context)
                try await context.run(["perl"], options: ["--rootfs", root]).refused(status: 127, naming: ["perl"])
            },
            Check("a symlink in it does not lead out") { context in
                let root = try await tree(context)
                let secret = context.path("secret")
                try Files.put("secret of the node", at: secret)
                _ = try await command(["ln", "-s", secret, "\(root)/secret"], in: context).succeeded()
                let outcome = try await context.run(["/bin/sh", "-c", "/bin/cat /secret; echo end"], options: ["--rootfs", root])
                try expect(outcome.output == "end\n", "nothing of the node", got: outcome.summary)
            },
            Check("symlinks in place of its /proc and /sys are refused or stay within") { context in
                let root = try await tree(context)
                let script = "cd \(root); rmdir sys proc; ln -s /tmp sys; ln -s ../../../../proc proc"
                _ = try await command(["sh", "-c", script], in: context).succeeded()
                let outcome = try await context.run(["/bin/cat", "/proc/cmdline"], options: ["--rootfs", root])
                if outcome.status == 0 {
                    try expect("command line", outcome.output, is: "root=/dev/vnode ro\n")
                } else {
                    try outcome.refused(status: 125, naming: ["/proc"])
                }
            },
        ])

    /// A root tree of a few programs with their libraries.
    private static func tree(_ context: Context) async throws -> String {
        let root = try context.makeDirectory("root")
        let script = """
            set -e; cd \(root); mkdir bin etc dev proc sys tmp run
            for p in sh cat stat rm mkdir chmod; do
                f=$(readlink -f $(command -v $p)); cp $f bin/$p
                for l in $(ldd $f | grep -o '/[^ ]*'); do mkdir -p .$(dirname $l); cp -L $l .$l; done
            done
            echo marker >etc/marker; echo marker >etc/marker2
            """
        _ = try await command(["sh", "-c", script], in: context).succeeded()
        return root
    }

    /// Names, modes, owners, sizes and times of all of it.
    private static func listing(_ root: String) throws -> [String] {
        try ([root] + Files.walk(root)).sorted().map { path in
            let status = try Files.status(path)
            return "\(path) \(status.st_mode) \(status.st_uid) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
        }
    }
}
