extension Property {
    static let mounts: [Property] = [
        Property("2,000 mounts at once can be read, and are gone after", of: ["proc/meminfo"]) { tree, _, context in
            guard !tree.enter.isEmpty else { return }
            let script = """
                import ctypes, os, sys, tempfile
                libc = ctypes.CDLL(None, use_errno=True)
                def do(result):
                    if result < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
                source, top = sys.argv[1].encode(), tempfile.mkdtemp()
                do(libc.mount(b"none", top.encode(), b"tmpfs", 0, b"size=16m"))
                names = [os.path.join(top, str(n)).encode() for n in range(2000)]
                for name in names:
                    open(name, "w").close()
                    do(libc.mount(source, name, None, 4096, None))
                print(sum(open(name).read().startswith("MemTotal:") for name in names))
                print(sum(line.split(" - ")[0].split(" ")[4].startswith(top) for line in open("/proc/self/mountinfo")))
                for name in names: do(libc.umount2(name, 0))
                print(sum(line.split(" - ")[0].split(" ")[4].startswith(top) for line in open("/proc/self/mountinfo")))
                do(libc.umount2(top.encode(), 0))
                os.rmdir(top)
                """
            let outcome = try await command(
                tree.enter + ["python3", "-c", script, tree.inside + "/proc/meminfo"], in: context
            ).succeeded()
            try expect("files read, mounts, and mounts after", outcome.output, is: "2000\n2001\n1\n")
        }
    ]
}
