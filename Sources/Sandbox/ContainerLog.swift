import Glibc
import Linux
import SystemPackage

/// What a detached container says, kept with its vNode at `logs/<container>`: at most two files of a megabyte, the older one `.1`.
/// Reached through descriptors: staging leaves the paths behind.
final class ContainerLog {
    static let directory = "logs"
    static let mostBytes = 1 << 20
    /// A longer line is kept in parts.
    static let longestLine = 16384

    private let files: OwnedFD
    private let name: String
    private var file: OwnedFD
    private var size = 0
    private var begun: [LogFormat.Stream: [UInt8]] = [:]

    /// Containers of `vnode exec` that have ended and whose logs are kept: a vNode may live for years.
    static let mostEnded = 16

    /// Which of the logs, named with the time they were last written, are to go: those of the containers of `vnode exec` that ended first.
    static func superseded(_ logs: [(name: String, written: Int64)], running: Set<String>, most: Int = mostEnded) -> [String] {
        let ended = logs.filter { $0.name.hasPrefix(Entry.prefix + "-") && !$0.name.hasSuffix(".1") && !running.contains($0.name) }
        return ended.sorted { ($0.written, $0.name) > ($1.written, $1.name) }.dropFirst(most).map(\.name)
    }

    init(_ container: String, below vnode: String, of state: borrowing OwnedFD) throws(Errno) {
        let path = "\(vnode)/\(ContainerLog.directory)"
        do throws(Errno) { try Directories.make(path, below: state.raw, mode: 0o700) } catch { if error != .fileExists { throw error } }
        files = try Files.open(path, below: state.raw, flags: O_RDONLY | O_DIRECTORY)
        name = container
        file = try Files.open(name, below: files.raw, flags: O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, mode: 0o600)
    }

    /// Keeps what was said since the last time; a line without its end waits for it. All of it has one time, and is written at once: what a
    /// container says costs the launcher, which is in none of its limits.
    func take(_ bytes: [UInt8], _ stream: LogFormat.Stream) {
        let lines = (begun[stream] ?? []) + bytes
        let batch = Batch()
        var rest = lines[...]
        while let end = rest.firstIndex(of: 0x0a) {
            keep(rest[..<end], stream, in: batch)
            rest = rest[(end + 1)...]
        }
        while rest.count >= ContainerLog.longestLine {
            keep(rest.prefix(ContainerLog.longestLine), stream, isPart: true, in: batch)
            rest = rest.dropFirst(ContainerLog.longestLine)
        }
        begun[stream] = Array(rest)
        write(batch)
    }

    /// What waited for an end of line, and the end.
    func finish(status: Int32) {
        let batch = Batch()
        for stream in [LogFormat.Stream.output, .error] {
            if let rest = begun[stream], !rest.isEmpty { keep(rest[...], stream, isPart: true, in: batch) }
        }
        begun = [:]
        keep(Array("\(status)".utf8)[...], .exit, in: batch)
        write(batch)
    }

    /// Lines of one moment, not written yet.
    private final class Batch {
        let time: String
        var bytes: [UInt8] = []

        init() {
            var now = timespec()
            unsafe clock_gettime(CLOCK_REALTIME, &now)
            time = LogFormat.time(seconds: Int64(now.tv_sec), nanoseconds: Int64(now.tv_nsec))
        }
    }

    private func keep(_ text: ArraySlice<UInt8>, _ stream: LogFormat.Stream, isPart: Bool = false, in batch: Batch) {
        let line = LogFormat.line(time: batch.time, stream, isPart: isPart, text)
        if size + batch.bytes.count + line.count > ContainerLog.mostBytes {
            write(batch)
            turn()
        }
        batch.bytes += line
    }

    /// A full disk loses lines, not the container.
    private func write(_ batch: Batch) {
        let raw = file.raw
        let done = unsafe batch.bytes.withUnsafeBytes { unsafe $0.isEmpty ? 0 : Glibc.write(raw, $0.baseAddress, $0.count) }
        size += max(done, 0)
        batch.bytes = []
    }

    /// Who looks for the log finds one at any time: the next file takes its name in one step.
    private func turn() {
        let next = name + ".next.1"
        guard let new = try? Files.open(next, below: files.raw, flags: O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, mode: 0o600) else { return }
        // Unlinked, not emptied: somebody may be reading it.
        _ = unsafe unlinkat(files.raw, name + ".1", 0)
        _ = unsafe linkat(files.raw, name, files.raw, name + ".1", 0)
        guard unsafe renameat(files.raw, next, files.raw, name) == 0 else { return }
        file = new
        size = 0
    }
}

/// The ends of pipes a detached container speaks into.
final class ContainerOutput {
    let log: ContainerLog
    private var readers: [(stream: LogFormat.Stream, descriptor: OwnedPipe)] = []
    private(set) var writers: [CInt] = []

    final class OwnedPipe {
        let reading: OwnedFD
        init(_ reading: consuming OwnedFD) { self.reading = reading }
    }

    init(_ log: ContainerLog) throws(Errno) {
        self.log = log
        for stream in [LogFormat.Stream.output, .error] {
            let (reading, writing) = try Processes.pipe()
            let owned = OwnedFD(taking: reading)
            writers.append(writing)
            try Streams.setNonBlocking(owned)
            readers.append((stream, OwnedPipe(owned)))
        }
    }

    deinit { closeWriters() }

    /// Once who speaks has its own.
    func closeWriters() {
        for writer in writers { _ = close(writer) }
        writers = []
    }

    /// To wait on; none any more when all have closed.
    var descriptors: [CInt] { readers.map { $0.descriptor.reading.raw } }

    /// Takes what is there.
    func pump() {
        var open: [(stream: LogFormat.Stream, descriptor: OwnedPipe)] = []
        for reader in readers {
            var isOpen = true
            var rounds = 0
            var buffer = [UInt8](repeating: 0, count: 65536)
            while rounds < 16 {
                rounds += 1
                let raw = reader.descriptor.reading.raw
                let size = unsafe buffer.withUnsafeMutableBytes { unsafe read(raw, $0.baseAddress, $0.count) }
                if size > 0 {
                    log.take(Array(buffer.prefix(size)), reader.stream)
                } else {
                    isOpen = size < 0 && (errno == EAGAIN || errno == EINTR)
                    break
                }
            }
            if isOpen { open.append(reader) }
        }
        readers = open
    }
}
