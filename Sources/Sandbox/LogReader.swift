import Glibc
import Linux
import SystemPackage

/// Reads a container's log from its start, and what is added while it goes on.
public final class LogReader {
    /// The container has ended, or its vNode.
    public private(set) var hasEnded = false

    private let directory: OwnedFD
    private let container: String
    private var file: OwnedFD
    private var begun: [UInt8] = []

    public convenience init(_ name: String, container: String?, stateDirectory: String) throws(Failure) {
        let state = try StateDirectory(stateDirectory)
        try state.reconcile()
        guard Name.isValid(name), state.state(of: name) != nil else { throw Failure("no vNode named \"\(name)\"") }
        let path = "\(name)/\(ContainerLog.directory)"
        let known = ((try? Directories.list(path, below: state.vnodes.raw)) ?? []).map(\.name).filter { !$0.hasSuffix(".1") }.sorted()
        guard let found = container ?? (known.contains("main") ? "main" : known.count == 1 ? known[0] : nil) else {
            throw Failure(
                known.isEmpty
                    ? "\"\(name)\" has no logs: only what is run with --detach is kept"
                    : "which container? \(known.joined(separator: ", "))")
        }
        guard known.contains(found) else {
            throw Failure("no log of a container \"\(found)\" in \"\(name)\": there is \(known.joined(separator: ", "))")
        }
        do throws(Errno) {
            try self.init(of: found, in: try Files.open(path, below: state.vnodes.raw, flags: O_RDONLY | O_DIRECTORY))
        } catch {
            throw Failure("opening the log of \(found)", "", error)
        }
    }

    init(of container: String, in directory: consuming OwnedFD) throws(Errno) {
        let old = try? Files.open(container + ".1", below: directory.raw, flags: O_RDONLY)
        if let old { file = old } else { file = try Files.open(container, below: directory.raw, flags: O_RDONLY) }
        self.container = container
        self.directory = directory
    }

    /// Whole lines that came since the last time.
    public func next() -> [LogFormat.Line] {
        var lines: [LogFormat.Line] = []
        while true {
            let isLast = !isReplaced
            drain(into: &lines)
            // What was added between the look and the reading is read by the next look.
            if isLast { break }
            guard let new = try? Files.open(container, below: directory.raw, flags: O_RDONLY) else { break }
            file = new
        }
        if isGone { hasEnded = true }
        return lines
    }

    private func drain(into lines: inout [LogFormat.Line]) {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let raw = file.raw
            let size = unsafe buffer.withUnsafeMutableBytes { unsafe read(raw, $0.baseAddress, $0.count) }
            if size <= 0 { break }
            begun += buffer.prefix(size)
        }
        var rest = begun[...]
        while let end = rest.firstIndex(of: 0x0a) {
            if let line = LogFormat.parse(rest[..<end]) {
                if line.stream == .exit { hasEnded = true } else { lines.append(line) }
            }
            rest = rest[(end + 1)...]
        }
        begun = Array(rest)
    }

    /// Whether the log goes on in another file than the one that is open.
    private var isReplaced: Bool {
        var (here, there) = (stat(), stat())
        guard unsafe fstat(file.raw, &here) == 0, unsafe fstatat(directory.raw, container, &there, 0) == 0 else { return false }
        return here.st_ino != there.st_ino
    }

    private var isGone: Bool {
        var status = stat()
        return unsafe fstat(directory.raw, &status) != 0 || status.st_nlink == 0
    }
}
