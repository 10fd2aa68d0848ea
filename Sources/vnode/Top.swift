import ArgumentParser
import Glibc
import Linux
import Sandbox

struct Top: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what vNodes use.",
        discussion:
            "On a terminal a table that is made anew until Ctrl-C; elsewhere the same once, over one interval. CPU is percent of one "
            + "CPU, READS/S what vnode-fs answers for the files of its /proc and /sys; a - is what this machine does not count.")

    @Option(help: ArgumentHelp("Time between two looks.", valueName: "seconds"))
    var interval = 1

    @Option(help: "text or json (once).")
    var format = Format.text

    @OptionGroup var place: Place

    func validate() throws {
        guard (1...3600).contains(interval) else {
            throw ValidationError("The value '\(interval)' is invalid for '--interval <seconds>': 1 to 3600")
        }
    }

    func run() throws {
        let watch = try UsageWatch(stateDirectory: place.path)
        _ = try watch.look()
        let isLive = format == .text && isatty(STDOUT_FILENO) == 1
        repeat {
            sleep(UInt32(interval))
            let usages = try watch.look()
            switch format {
            case .json: print(try json(usages))
            case .text:
                let lines = Top.rows(usages)
                if isLive {
                    let room = Terminals.windowSize(of: STDOUT_FILENO).map { Int($0.rows) - 1 } ?? lines.count
                    print("\u{1b}[H\u{1b}[2J" + lines.prefix(room).joined(separator: "\n"))
                } else {
                    print(lines.joined(separator: "\n"))
                }
            }
            fflush(nil)
        } while isLive
    }

    /// The busiest first.
    static func rows(_ usages: [Usage]) -> [String] {
        let sorted = usages.sorted { ($0.cpuPercent ?? 0, $1.name) > ($1.cpuPercent ?? 0, $0.name) }
        let rows = sorted.map { usage in
            [
                usage.name, usage.status, usage.cpuPercent.map { tenths($0) } ?? "-", usage.memory.map(size) ?? "-",
                usage.memoryLimit.map(size) ?? "-", "\(usage.processes)", usage.readsPerSecond.map { tenths($0) } ?? "-",
            ]
        }
        return table([["NAME", "STATUS", "CPU", "MEMORY", "LIMIT", "PROCESSES", "READS/S"]] + rows).split(separator: "\n").map(String.init)
    }

    /// One digit after the point.
    private static func tenths(_ number: Double) -> String {
        let rounded = Int((number * 10).rounded())
        return "\(rounded / 10).\(rounded % 10)"
    }

    private static func size(_ bytes: UInt64) -> String {
        for (unit, shift) in [("G", 30), ("M", 20), ("K", 10)] as [(String, UInt64)] where bytes >= 1 << shift {
            return tenths(Double(bytes) / Double(UInt64(1) << shift)) + unit
        }
        return "\(bytes)"
    }
}
