import Glibc
import Readings
import Synchronization
import Text
import Tree

/// The readings' clock. It stands still until it is moved.
final class Moved: Sendable {
    private let time: Atomic<UInt64>

    init() { time = Atomic(UInt64(clamping: nanoseconds(CLOCK_BOOTTIME))) }

    var now: UInt64 { time.load(ordering: .relaxed) }

    func move(milliseconds: UInt64) { time.add(milliseconds &* 1_000_000, ordering: .relaxed) }
}

func nanoseconds(_ clock: clockid_t) -> Int {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return time.tv_sec &* 1_000_000_000 &+ time.tv_nsec
}

/// More than the caches close to a CPU hold.
struct Ballast {
    private var bytes = [UInt8](repeating: 1, count: 4 << 20)

    mutating func evict() {
        for at in stride(from: 0, to: bytes.count, by: 64) { bytes[at] &+= 1 }
    }
}

struct Options {
    var rounds = 20_000
    var coldRounds = 1_000
    /// More than the 50 ms a reading of the node is kept.
    var step: UInt64 = 60
    var root = "/"
    var cgroup: String?
    var files = ["meminfo", "stat", "loadavg", "vmstat", "diskstats", "uptime", "swaps", "cpuinfo"]

    init?(_ arguments: [String]) {
        var left = arguments[...]
        while let argument = left.popFirst() {
            switch argument {
            case "--rounds": rounds = left.popFirst().flatMap { Int($0) } ?? 0
            case "--cold-rounds": coldRounds = left.popFirst().flatMap { Int($0) } ?? -1
            case "--step": step = left.popFirst().flatMap { UInt64($0) } ?? 0
            case "--root": root = left.popFirst() ?? ""
            case "--cgroup": cgroup = left.popFirst()
            case _ where argument.hasPrefix("-"): return nil
            default:
                files = [argument] + left
                left = []
            }
        }
        if rounds < 1 || coldRounds < 0 || root.isEmpty { return nil }
    }
}

func median(_ times: [Int]) -> String {
    guard !times.isEmpty else { return "-" }
    let tenths = (times.sorted()[times.count / 2] + 50) / 100
    return "\(tenths / 10).\(tenths % 10)"
}

func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.utf8.count)) }

func measure(_ options: Options) throws {
    let clock = Moved()
    var ballast = Ballast()
    let clocks = Clocks(boot: { clock.now }, real: { 1_700_000_000_000_000_000 &+ clock.now })
    let node =
        options.root == "/"
        ? try NodeReadings(clocks: clocks) : try NodeReadings(root: options.root, cgroupRoot: options.root + "/cgroup", clocks: clocks)
    let cgroup = options.cgroup.map { $0.hasPrefix("/") ? $0 : node.cgroupRoot + "/" + $0 } ?? node.cgroupRoot
    let view = try ViewReadings(
        node: node, configuration: ViewConfiguration(hostname: "box", bootID: "b", startedAt: 0, cgroup: cgroup, top: cgroup))
    print(padded("µs, medians", 14), padded("hot", 10), padded("cold", 10), "bytes")
    for file in options.files {
        guard let place = Catalog.standard.place(at: "proc/" + file), let row = Catalog.standard[place].row, let render = row.render else {
            print(padded(file, 14), "no such row")
            continue
        }
        var size = 0
        func answer() throws -> Int {
            clock.move(milliseconds: options.step)
            let start = nanoseconds(CLOCK_MONOTONIC)
            let snapshot = try view.snapshot(row.needs)
            var out = ByteWriter(capacity: 2048)
            render(snapshot, 0, &out)
            size = out.bytes.count
            return nanoseconds(CLOCK_MONOTONIC) - start
        }
        for _ in 0..<min(100, options.rounds) { _ = try answer() }
        let hot = try (0..<options.rounds).map { _ in try answer() }
        let cold = try (0..<options.coldRounds).map { _ in
            ballast.evict()
            return try answer()
        }
        print(padded(file, 14), padded(median(hot), 10), padded(median(cold), 10), size)
    }
}

guard let options = Options(Array(CommandLine.arguments.dropFirst())) else {
    print("usage: render-benchmark [--rounds N] [--cold-rounds N] [--step MS] [--root TREE] [--cgroup PATH] [file of /proc...]")
    exit(2)
}
do {
    try measure(options)
} catch {
    print("render-benchmark: \(error)")
    exit(1)
}
