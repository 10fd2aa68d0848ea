import Glibc
import Linux
import SystemPackage

extension Suite {
    /// Triggers written to /proc/pressure, and poll(2) for them.
    static let pressureTriggers = Suite(
        name: "pressure triggers",
        checks: [
            Check("a trigger takes what the kernel takes, once for each open file") { context in
                try await context.withDaemon { daemon in
                    let vnode = try await context.keep("triggers", on: daemon)
                    for bad in ["junk\n", "some 150000\n", "some 0 2000000\n", "some 1 10000001\n", "some 2000001 2000000\n"] {
                        try expect("\(bad): errno", try write(bad, try open("cpu", of: vnode)), is: EINVAL)
                    }
                    for name in ["cpu", "memory", "io"] {
                        let file = try open(name, of: vnode)
                        try expect("\(name): errno", try write("some 150000 2000000\n", file), is: 0)
                        try expect("\(name), again: errno", try write("some 150000 2000000\n", file), is: EBUSY)
                        try expect("\(name): poll", poll(file, milliseconds: 0) & POLLPRI, is: 0)
                        // It can be read like any other.
                        let text = try Files.read(file, step: 4096)
                        try expect(text.hasPrefix("some avg10="), "\(name): its content", got: text)
                    }
                    let bare = try open("cpu", of: vnode)
                    try expect("without a trigger: poll", poll(bare, milliseconds: 0) & (POLLPRI | POLLERR), is: POLLPRI | POLLERR)
                    try await context.stop(vnode)
                }
            },
            Check("a vNode has 64 triggers at most, and has room again when files are closed") { context in
                try await context.withDaemon { daemon in
                    let vnode = try await context.keep("many", on: daemon)
                    for _ in 0..<2 {
                        var files = try (0..<64).map { _ in Held(try open("memory", of: vnode)) }
                        for file in files { try expect("errno", try write("full 100000 2000000\n", file.file), is: 0) }
                        try expect("65th: errno", try write("full 100000 2000000\n", try open("memory", of: vnode)), is: ENOMEM)
                        files = []
                        // The kernel tells of a closed file some time after.
                        try await eventually("room") {
                            try write("full 100000 2000000\n", try open("memory", of: vnode)) == 0
                        }
                        try await Task.sleep(for: .milliseconds(200))
                    }
                    try await context.stop(vnode)
                }
            },
            Check("pressure wakes who polls, also after the worker has died") { context in
                try await context.withDaemon { daemon in
                    let vnode = try await context.keep("pressed", on: daemon)
                    let file = try open("cpu", of: vnode)
                    try expect("errno", try write("some 100000 2000000\n", file), is: 0)
                    try expect("poll of a vNode at rest", poll(file, milliseconds: 0) & POLLPRI, is: 0)
                    let load = Task { try await press(vnode, context, seconds: 14) }
                    try expect("poll: POLLPRI", poll(file, milliseconds: 8000) & (POLLPRI | POLLERR), is: POLLPRI)
                    // What was told is not told again.
                    try expect("poll at once: POLLPRI", poll(file, milliseconds: 0) & POLLPRI, is: 0)
                    try await daemon.strikeWorker()
                    try expect("errno of another trigger", try write("some 100000 2000000\n", file), is: EBUSY)
                    try expect("poll after the death: POLLPRI", poll(file, milliseconds: 8000) & (POLLPRI | POLLERR), is: POLLPRI)
                    _ = try await load.value.succeeded()
                    try await context.stop(vnode)
                }
            },
        ])

    private final class Held {
        let file: OwnedFD
        init(_ file: consuming OwnedFD) { self.file = file }
    }

    private static func open(_ name: String, of vnode: Kept) throws -> OwnedFD {
        try Files.open(vnode.path("/proc/pressure/\(name)"), flags: O_RDWR)
    }

    /// errno, 0 when all is taken.
    private static func write(_ text: String, _ file: borrowing OwnedFD) throws -> Int32 {
        let bytes = Array(text.utf8)
        let raw = file.raw
        let size = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(raw, $0.baseAddress, $0.count) }
        let error = errno
        if size >= 0 { try expect("bytes taken", size, is: bytes.count) }
        return size < 0 ? error : 0
    }

    private static func poll(_ file: borrowing OwnedFD, milliseconds: Int32) -> Int32 {
        var asked = pollfd(fd: file.raw, events: Int16(POLLPRI), revents: 0)
        _ = unsafe Glibc.poll(&asked, 1, milliseconds)
        return Int32(asked.revents)
    }

    /// More tasks that run than there are CPUs.
    private static func press(_ vnode: Kept, _ context: Context, seconds: Int) async throws -> Outcome {
        try await context.launcher(
            ["exec", vnode.name, "--", "sh", "-c", "for i in 1 2 3 4 5 6; do timeout \(seconds) sh -c 'while :; do :; done' & done; wait"],
            bound: .seconds(seconds + 120))
    }
}
