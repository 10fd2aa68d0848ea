import Glibc
import Linux
import Synchronization
import SystemPackage

extension Suite {
    static let openFiles: [Check] = [
        Check("a file that is mapped while others open it keeps nobody waiting, and tears nobody's answer") { context in
            try await context.withDaemon { daemon in
                let vnode = try await context.keep("mapped", on: daemon)
                let path = vnode.path("/proc/meminfo")
                let ended = Mutex((readers: 0, faults: [String]()))
                let end = Clock.monotonic + 2_000_000_000
                for number in 0..<4 {
                    try Threads.start(stack: 256 << 10) {
                        var fault: String?
                        while Clock.monotonic < end, fault == nil {
                            fault = number == 0 ? mapped(path) : Consistency.fault(of: (try? Files.text(path)) ?? "", path: "/proc/meminfo")
                        }
                        ended.withLock {
                            $0.readers += 1
                            if let fault { $0.faults.append(fault) }
                        }
                    }
                }
                try await eventually("4 readers at their end", got: { "\(ended.withLock { $0.readers })" }) {
                    ended.withLock { $0.readers } == 4
                }
                try expect("faults", ended.withLock { $0.faults }, is: [])
                try expect("deaths", daemon.logged("worker died").count, is: 0)
                try await context.stop(vnode)
            }
        },
        Check("a file half read when the worker dies is read to its end from the same answer") { context in
            try await context.withDaemon { daemon in
                let vnode = try await context.keep("half", on: daemon)
                // Who holds a cached handle past its freshness makes the next one direct.
                let holders = try ["/proc/meminfo", "/proc/stat"].map { Half(try vnode.open($0), $0, step: 1) }
                try await Task.sleep(for: .milliseconds(80))
                var halves: [Half] = []
                for name in ["/proc/meminfo", "/proc/stat", "/proc/uptime", "/proc/vmstat", "/proc/cpuinfo"] {
                    for step in [1, 7, 64, 5000] {
                        halves.append(Half(try vnode.open(name), name, step: step))
                        if name == "/proc/vmstat" { halves.append(Half(try vnode.open(name), name, step: step)) }
                    }
                }
                for half in halves + holders { try half.advance() }
                let uptime = try seconds(try vnode.text("/proc/uptime"))
                try await daemon.strikeWorker()
                try await eventually("a later uptime") { try seconds(try vnode.text("/proc/uptime")) > uptime + 0.3 }
                for half in halves + holders {
                    try half.finish()
                    let what = "\(half.name) in steps of \(half.step)"
                    if let fault = Consistency.fault(of: half.text, path: half.name) {
                        throw Mismatch(expected: "\(what): \(fault)", got: half.text)
                    }
                    guard half.name == "/proc/uptime" else { continue }
                    try expect(try seconds(half.text) <= uptime, "\(what): at most \(uptime)", got: half.text)
                }
                // Opened before, read only now.
                let unread = try ["/proc/meminfo", "/proc/stat", "/proc/uptime"].map { Half(try vnode.open($0), $0, step: 64) }
                try await daemon.strikeWorker()
                for half in unread {
                    try half.finish()
                    if let fault = Consistency.fault(of: half.text, path: half.name) { throw Mismatch(expected: fault, got: half.text) }
                }
                try await context.stop(vnode)
            }
        },
        Check("files closed after a kill are not taken for open ever after") { context in
            try await context.withDaemon { daemon in
                let vnode = try await context.keep("held", on: daemon)
                var held = try ["/proc/meminfo", "/proc/meminfo", "/proc/stat"].map { Half(try vnode.open($0), $0, step: 64) }
                for half in held { try half.advance() }
                let last = try await daemon.worker()
                kill(last, SIGKILL)
                held = []
                try await daemon.worker(after: last)
                // Cached, an open computes one answer, however often it is read; a direct one computes one for each read.
                let name = "vnode_refills_total{vnode=\"\(vnode.name)\",path=\"/proc/meminfo\"}"
                _ = try vnode.text("/proc/meminfo")
                let before = try await daemon.metric(name, in: context)
                for _ in 0..<8 {
                    try await Task.sleep(for: .milliseconds(70))
                    let file = try vnode.open("/proc/meminfo")
                    for _ in 0..<3 { _ = try Files.read(file, step: 65536) }
                }
                let refills = try await daemon.metric(name, in: context) - before
                try expect((1...10).contains(refills), "8 opens past the freshness to compute 8 answers", got: "\(refills)")
                try await context.stop(vnode)
            }
        },
        Check("a file kept open shows new content, whoever else opens it, and after a kill") { context in
            try await context.withDaemon { daemon in
                let vnode = try await context.keep("top", on: daemon)
                let files = try ["/proc/stat", "/proc/meminfo"].map { Half(try vnode.open($0), $0, step: 65536) }
                let others = Readers()
                try others.start {
                    {
                        for name in ["/proc/stat", "/proc/meminfo"] {
                            let file = try vnode.open(name)
                            var status = stat()
                            _ = try check(unsafe fstat(file.raw, &status))
                        }
                        usleep(20000)
                    }
                }
                for _ in 0..<2 {
                    // Memory may stand still on a quiet machine, time does not.
                    let first = try Files.read(files[0].file, step: 65536)
                    let begin = ContinuousClock.now
                    while try Files.read(files[0].file, step: 65536) == first {
                        try expect(ContinuousClock.now - begin < .seconds(60), "other values of stat within a minute", got: first)
                        let text = try Files.read(files[1].file, step: 65536)
                        if let fault = Consistency.fault(of: text, path: "/proc/meminfo") { throw Mismatch(expected: fault, got: text) }
                        try await Task.sleep(for: .milliseconds(300))
                    }
                    try await daemon.strikeWorker()
                }
                try await others.stop()
                try await context.stop(vnode)
            }
        },
    ]

    private static func seconds(_ text: String) throws -> Double {
        try unwrap(text.split(separator: " ").first.flatMap { Double($0) }, "an uptime", got: text)
    }
}

/// An open file and what has been read of it.
final class Half {
    let file: OwnedFD
    let name: String
    let step: Int
    private(set) var text = ""

    init(_ file: consuming OwnedFD, _ name: String, step: Int) {
        self.file = file
        self.name = name
        self.step = step
    }

    /// One read(2); false at the end.
    @discardableResult func advance() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: step)
        let raw = file.raw
        let size = unsafe buffer.withUnsafeMutableBytes { unsafe read(raw, $0.baseAddress, $0.count) }
        guard size >= 0 else { throw Mismatch(expected: "a read of \(name)", got: "\(Errno(rawValue: errno))") }
        text += String(decoding: buffer.prefix(size), as: UTF8.self)
        return size > 0
    }

    func finish() throws { while try advance() {} }
}

/// Opens a file until it is one that reads directly, maps it and looks: the fault is a read that holds a page of the cache.
private func mapped(_ path: String) -> String? {
    guard let first = try? Files.open(path, flags: O_RDONLY) else { return "open" }
    usleep(55_000)
    guard let second = try? Files.open(path, flags: O_RDONLY) else { return "open" }
    let address = unsafe mmap(nil, 4096, PROT_READ, MAP_PRIVATE, second.raw, 0)
    _ = consume first
    _ = consume second
    guard let address = unsafe address, unsafe address != MAP_FAILED else { return nil }
    usleep(300)
    let byte = unsafe address.load(as: UInt8.self)
    unsafe munmap(address, 4096)
    return byte == UInt8(ascii: "M") ? nil : "a mapping that begins with \(byte)"
}
