import Linux

/// Ids the administrator has promised to users in `/etc/subuid` and `/etc/subgid`: rootless containers of theirs run with them. A line of the
/// user `vnode` promises them to vNodes.
struct SubordinateIDs: Equatable {
    struct Line: Equatable {
        let ids: ClosedRange<UInt32>
        /// `/etc/subuid:1: user:100000:65536`
        let place: String
    }

    static let files = ["/etc/subuid", "/etc/subgid"]
    static let ownName = "vnode"

    private(set) var lines: [Line] = []

    /// What is no line of three fields is skipped, as newuidmap(1) does.
    init(_ files: [(path: String, text: String)]) {
        for (path, text) in files {
            for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                let fields = line.split(separator: ":", omittingEmptySubsequences: false)
                guard fields.count == 3, fields[0] != SubordinateIDs.ownName, !fields[0].hasPrefix("#"),
                    let first = IDPool.number(fields[1]), let count = IDPool.number(fields[2]), count > 0
                else { continue }
                let last = UInt32(clamping: UInt64(first) + UInt64(count) - 1)
                lines.append(Line(ids: first...last, place: "\(path):\(index + 1): \(line)"))
            }
        }
    }

    static func ofThisMachine() -> SubordinateIDs {
        SubordinateIDs(files.compactMap { path in (try? Files.read(path)).map { (path, String(decoding: $0, as: UTF8.self)) } })
    }
}
