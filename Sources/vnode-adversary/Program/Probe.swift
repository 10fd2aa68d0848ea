import CLinux
import Glibc
import Linux

/// How a machine answers: a hundred ordinary things, and whether what has limits can still be had.
struct Probe: Sendable {
    /// Microseconds.
    var median = 0
    var highest = 0
    var lacking: [String] = []

    static func take() -> Probe {
        var times: [Int] = []
        var probe = Probe()
        for _ in 0..<40 {
            let start = ContinuousClock.now
            _ = try? Files.read("/proc/uptime")
            _ = try? Files.read("/proc/self/status")
            if let child = try? Child.fork({ 0 }) { _ = try? Processes.wait(child) } else { probe.lack("a process") }
            times.append(Int((ContinuousClock.now - start) / .microseconds(1)))
        }
        times.sort()
        probe.median = times[times.count / 2]
        probe.highest = times.last ?? 0
        probe.have("inotify") { inotify_init1(0) }
        probe.have("a pipe") {
            (try? Processes.pipe()).map {
                close($0.writing); return $0.reading
            } ?? -1
        }
        probe.have("a socket") { socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0) }
        probe.have("epoll") { epoll_create1(0) }
        probe.have("a memory file") { unsafe clinux_memfd("probe") }
        probe.have("a terminal") { unsafe clinux_openat(AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY, 0) }
        var context = 0
        if unsafe withUnsafeMutablePointer(to: &context, { Kernel.raw(.io_setup, [128, .number(Int(bitPattern: $0))]) }) < 0 {
            probe.lack("asynchronous I/O")
        }
        if Kernel.raw(.add_key, ["user", "vnode-adversary-probe", "x", 1, -2]) == -Int(EDQUOT) { probe.lack("a key") }
        return probe
    }

    private mutating func lack(_ name: String) { if !lacking.contains(name) { lacking.append(name) } }

    private mutating func have(_ name: String, _ make: () -> CInt) {
        let file = make()
        if file < 0 { lack("\(name) (errno \(errno))") } else { close(file) }
    }

    var line: String { "probe \(median) \(highest) \(lacking.joined(separator: ","))" }

    init(median: Int = 0, highest: Int = 0, lacking: [String] = []) {
        self.median = median
        self.highest = highest
        self.lacking = lacking
    }

    init?(line: String) {
        let fields = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard fields.count == 4, fields[0] == "probe", let median = Int(fields[1]), let highest = Int(fields[2]) else { return nil }
        self.init(median: median, highest: highest, lacking: fields[3].split(separator: ",").map(String.init))
    }
}
