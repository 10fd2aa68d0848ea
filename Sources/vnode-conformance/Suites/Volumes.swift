import Glibc
import Linux

extension Suite {
    static let volumes = Suite(
        name: "volumes",
        checks: [
            Check("a volume's files keep their owners on both sides, without a chown") { context in
                let source = try context.source()
                let before = try Files.status(source + "/file")
                let script = "stat -c '%u:%g %a' /v /v/file /v/of5; cat /v/file; echo new >/v/new; chown 7:8 /v/new; echo more >>/v/file"
                let outcome = try await context.run(["sh", "-c", script], options: ["--volume", "\(source):/v"]).succeeded()
                try expect("inside", outcome.output, is: "0:0 755\n0:0 644\n5:6 644\nhello\n")
                let made = try Files.status(source + "/new")
                try expect("owner of what was made", [made.st_uid, made.st_gid], is: [7, 8])
                let after = try Files.status(source + "/file")
                try expect("owner and time of change", [after.st_uid, after.st_gid], is: [before.st_uid, before.st_gid])
                try expect("content", try Files.text(source + "/file"), is: "hello\nmore\n")
            },
            Check("a read-only volume, one of a file, and both in vnode exec") { context in
                let source = try context.source()
                let options = ["--volume", "\(source):/v:ro", "-v", "\(source)/file:/etc/of-file"]
                try await context.kept("\(conf)-vol", options: options) {
                    let script =
                        "cat /v/file /etc/of-file; (echo x >/v/file) 2>&1; mount -o remount,bind,rw /v 2>&1; echo x >/etc/of-file; cat /v/file"
                    let text = try await context.launcher(["exec", "\(conf)-vol", "--", "sh", "-c", script]).succeeded().output
                    try expect(
                        text.hasPrefix("hello\nhello\n") && text.contains("ead-only file system") && text.contains("ermission denied")
                            && text.hasSuffix("x\n"), "content, EROFS, EPERM, and what was written to the file", got: text)
                }
                try expect("content", try Files.text(source + "/file"), is: "x\n")
            },
            Check("mounts below a volume come along, later ones do not") { context in
                let source = try context.source()
                let script = """
                    mkdir \(source)/below \(source)/later; mount -t tmpfs none \(source)/below; echo deep >\(source)/below/deep
                    \(context.program("vnode")) run --name \(conf)-below --keep --volume \(source):/v -- true
                    mount -t tmpfs none \(source)/later; echo late >\(source)/later/late
                    \(context.program("vnode")) exec \(conf)-below -- sh -c 'cat /v/below/deep; stat -c %u /v/below/deep; ls /v/later'
                    \(context.program("vnode")) stop \(conf)-below
                    umount \(source)/below \(source)/later
                    """
                let outcome = try await command(["sh", "-c", script], in: context)
                if Machine.kernel >= (6, 3) {
                    try expect("inside", outcome.output, is: "deep\n0\n")
                } else {
                    try outcome.refused(naming: ["mapping the owners of --volume", "tmpfs on \(source)/below", "since 6.3"])
                }
            },
            Check("what cannot be mapped is refused and named") { context in
                let outcome = try await context.run(["true"], options: ["--volume", "/proc/sys:/v"])
                try outcome.refused(
                    status: 125, naming: ["mapping the owners of --volume /proc/sys", "EINVAL", "proc on /proc", "ID-mapped"])
                try await context.run(["true"], options: ["--volume", "/no/such:/v"]).refused(
                    status: 125, naming: ["--volume /no/such: ENOENT"])
                for bad in ["x:/v", "/x", "/x:/proc/y", "/x:/v:wo"] {
                    try await context.run(["true"], options: ["--volume", bad]).refused(naming: [bad, "--volume"])
                }
                try await context.run(["true"], options: ["-v", "/tmp:/v", "-v", "/usr:/v"]).refused(naming: ["/v"])
            },
            Check("a source that becomes something else meanwhile is one thing all the way") { context in
                let source = try context.source()
                let name = context.path("name")
                _ = try await command(["sh", "-c", "mknod -m 666 \(source)/zero c 1 5"], in: context).succeeded()
                // A symlink to the one, then to the other, as fast as it goes.
                let swap = { (one: String, other: String) in
                    "ln -sfn \(one) \(name); while :; do ln -sfn \(other) \(name).2; mv -T \(name).2 \(name); ln -sfn \(one) \(name).2; mv -T \(name).2 \(name); done"
                }
                let vnode = context.program("vnode")
                let volumes = """
                    (\(swap(source, source + "/file"))) & trap "kill $!" EXIT; sleep 0.2
                    for n in 1 2 3 4 5 6 7 8 9 10; do \(vnode) run --volume \(name):/v -- test -e /v || exit 1; done
                    """
                _ = try await command(["sh", "-c", volumes], in: context).succeeded()
                let devices = """
                    (\(swap(source + "/zero", source + "/file"))) & trap "kill $!" EXIT; sleep 0.2
                    for n in 1 2 3 4 5 6 7 8 9 10; do
                        \(vnode) run --device \(name):/dev/mine -- sh -c '[ -c /dev/mine ] || exit 9'
                        status=$?; [ $status = 0 ] || [ $status = 125 ] || exit 1
                    done
                    """
                _ = try await command(["sh", "-c", devices], in: context).succeeded()
            },
            Check("a device node in a volume is none") { context in
                let source = try context.source()
                _ = try await command(["sh", "-c", "mknod -m 666 \(source)/null c 1 3"], in: context).succeeded()
                let outcome = try await context.run(["sh", "-c", "(: >/v/null) 2>&1"], options: ["--volume", "\(source):/v"])
                try expect(outcome.output.contains("ermission denied"), "EACCES", got: outcome.summary)
            },
            Check("a device passed with --device is nobody's and works as far as others may use it") { context in
                let source = try context.source()
                _ = try await command(["sh", "-c", "mknod -m 666 \(source)/open c 1 5; mknod -m 660 \(source)/closed c 1 5"], in: context)
                    .succeeded()
                let options = ["--device", "\(source)/open:/dev/mine", "--device", "\(source)/closed:/dev/theirs"]
                try await context.kept("\(conf)-dev", options: options) {
                    let script =
                        "stat -c '%u:%g %F' /dev/mine; head -c 3 /dev/mine | od -An -tx1; (head -c 1 /dev/theirs) 2>&1; chmod 666 /dev/theirs 2>&1"
                    let text = try await context.launcher(["exec", "\(conf)-dev", "--", "sh", "-c", script]).output
                    try expect(
                        text.hasPrefix("65534:65534 character special file\n 00 00 00\n") && text.contains("ermission denied")
                            && text.contains("not permitted"), "nobody's zeroes, EACCES and EPERM", got: text)
                }
                try await context.run(["true"], options: ["--device", "/etc/passwd:/dev/x"]).refused(
                    status: 125, naming: ["--device /etc/passwd", "not a device"])
            },
        ])
}

extension Context {
    /// A directory with files of the node's root and of others.
    fileprivate func source() throws -> String {
        let source = try makeDirectory("source")
        try Files.put("hello\n", at: source + "/file")
        try Files.put("five\n", at: source + "/of5")
        try Directories.setOwner(source + "/of5", uid: 5, gid: 6)
        return source
    }
}

extension Machine {
    /// Major and minor number of the kernel's release.
    static var kernel: (Int, Int) {
        let numbers = ((try? Files.text("/proc/sys/kernel/osrelease")) ?? "").split(separator: ".").prefix(2).compactMap { Int($0) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : (0, 0)
    }
}
