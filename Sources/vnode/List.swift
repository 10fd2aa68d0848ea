import ArgumentParser
import FoundationEssentials
import Sandbox

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the vNodes of this machine.")

    @Option(help: "text or json.")
    var format = Format.text

    @OptionGroup var place: Place

    func run() throws {
        let vnodes = try Listing.all(stateDirectory: place.path)
        switch format {
        case .json: print(try json(vnodes))
        case .text:
            let rows =
                [["NAME", "STATUS", "PID", "UIDS", "PODS", "CREATED"]]
                + vnodes.map { vnode in
                    [
                        vnode.name, vnode.status, vnode.initPID.map(String.init) ?? "-", "\(vnode.uidBase)+\(vnode.uidCount)",
                        vnode.pods ?? "-", vnode.created,
                    ]
                }
            print(table(rows))
        }
    }
}

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show all that is known of a vNode.")

    @Argument(help: "Name of the vNode.")
    var name: String

    @Option(help: "json or text.")
    var format = Format.json

    @OptionGroup var place: Place

    func run() throws {
        let vnode = try Listing.one(name, stateDirectory: place.path)
        switch format {
        case .json: print(try json(vnode))
        case .text:
            let limits = vnode.limits
            let rows: [(String, String?)] = [
                ("name", vnode.name), ("status", vnode.status), ("pods", vnode.pods), ("init pid", vnode.initPID.map(String.init)),
                ("uids", "\(vnode.uidBase)+\(vnode.uidCount)"), ("hostname", vnode.hostname), ("boot id", vnode.bootID),
                ("cgroup", vnode.cgroup), ("memory", limits.memory.map { "\($0.bytes)" }), ("swap", limits.swap.map { "\($0.bytes)" }),
                ("cpus", limits.cpus.map { "\(Double($0.quota) / Double(CPUShare.period))" }), ("cpuset", limits.cpuset),
                ("pids", limits.pids.map(String.init)), ("rootfs", vnode.rootfs), ("created", vnode.created),
                ("vnode-fs", vnode.daemonSocket),
                ("private", vnode.hasPrivateDaemon ? "yes" : "no"), ("views", vnode.views?.joined(separator: " ")),
            ]
            print(table(rows.compactMap { row in row.1.map { [row.0, $0] } }))
        }
    }
}

func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// Columns aligned to the left.
func table(_ rows: [[String]]) -> String {
    var widths: [Int] = []
    for row in rows {
        for (column, cell) in row.enumerated() {
            if column == widths.count { widths.append(0) }
            widths[column] = max(widths[column], cell.count)
        }
    }
    return rows.map { row in
        var line = ""
        for (column, cell) in row.enumerated() {
            line += cell + (column == row.count - 1 ? "" : String(repeating: " ", count: widths[column] - cell.count + 2))
        }
        return line
    }.joined(separator: "\n")
}
