import CLinux
import Glibc
import Linux
import SystemPackage

/// A program the driver has started, with pipes to and from it.
final class Job {
    let pid: Int32
    private let input: CInt
    private let output: CInt
    private var buffer: [UInt8] = []
    private var isClosed = false
    private var status: CInt?

    /// Standard error goes to `errors`. `inherited` descriptors are left open in it, which a careless caller would do.
    init(_ words: [String], errors: String, directory: String = "/", terminal: CInt? = nil, inherited: [CInt] = []) throws(Errno) {
        let (toChild, fromChild) = (try Processes.pipe(), try Processes.pipe())
        let log = try Files.open(errors, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
        let program = words[0].contains("/") ? words[0] : Job.find(words[0])
        pid = try Processes.fork {
            setpgid(0, 0)
            _ = unsafe chdir(directory)
            dup2(terminal ?? toChild.reading, 0)
            dup2(terminal ?? fromChild.writing, 1)
            dup2(log.raw, 2)
            Processes.closeOnExecute(from: 3)
            for descriptor in inherited { _ = clinux_fcntl(descriptor, F_SETFD, 0) }
            guard let file = try? Files.open(program, flags: O_RDONLY) else { return 127 }
            _ = Processes.execute(file, words, environment: Processes.environment)
            return 127
        }.pid
        _ = close(toChild.reading)
        _ = close(fromChild.writing)
        input = toChild.writing
        output = fromChild.reading
    }

    deinit {
        closeInput()
        close(output)
        if status == nil {
            kill(pid, SIGKILL)
            _ = try? Processes.wait(pid)
        }
    }

    private static func find(_ name: String) -> String {
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/usr/sbin:/usr/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }.first { unsafe access($0, X_OK) == 0 } ?? name
    }

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let size = unsafe rest.withUnsafeBytes { unsafe write(input, $0.baseAddress, $0.count) }
            if size <= 0 { return }
            rest = rest.dropFirst(size)
        }
    }

    /// All of a file, by the kernel.
    func send(file path: String) {
        guard let file = try? Files.open(path, flags: O_RDONLY) else { return }
        while sendfile(input, file.raw, nil, 1 << 20) > 0 {}
    }

    func say(_ line: String) { send(Array((line + "\n").utf8)) }

    func closeInput() {
        if !isClosed { close(input) }
        isClosed = true
    }

    /// The next line of its output; nil at its end, or when `seconds` are over.
    func line(seconds: Int) -> String? {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            if let newline = buffer.firstIndex(of: 10) {
                defer { buffer.removeFirst(newline + 1) }
                return String(decoding: buffer[..<newline], as: UTF8.self)
            }
            let left = (end - ContinuousClock.now) / .milliseconds(1)
            guard left > 0, (try? Poll.readable([output], milliseconds: CInt(left))) == [true] else { return nil }
            var piece = [UInt8](repeating: 0, count: 4096)
            let size = unsafe piece.withUnsafeMutableBytes { unsafe read(output, $0.baseAddress, $0.count) }
            if size <= 0 { return nil }
            buffer += piece.prefix(size)
        }
    }

    func lines(seconds: Int) -> [String] {
        var all: [String] = []
        while let line = line(seconds: seconds) { all.append(line) }
        return all
    }

    func ask(_ question: String, seconds: Int = 30) -> String? {
        say(question)
        return line(seconds: seconds)
    }

    /// Its exit status, as a shell has it. Killed when `seconds` are over.
    @discardableResult
    func end(seconds: Int = 20) -> CInt {
        if let status { return status }
        let descriptor = try? Processes.openPidfd(pid)
        if let descriptor, (try? Poll.readable([descriptor.raw], milliseconds: CInt(seconds * 1000))) != [true] { kill(pid, SIGKILL) }
        let found = (try? Processes.wait(pid))?.status ?? -1
        status = found
        return found
    }
}
