import Text

/// The node's `/proc/meminfo` in kB.
public struct NodeMemory: Sendable {
    public let layout: Layout
    let values: [UInt64]
    /// Bytes; the unit of vmstat.
    public var pageSize: UInt64 = 4096

    public init() {
        layout = Layout.none
        values = []
    }

    /// `last` is the layout the file had the last time.
    public init(_ bytes: [UInt8], last: Layout?) {
        if let last, let found = last.lines.values(of: bytes) {
            layout = last
            values = found
        } else {
            let all = namedValues(bytes)
            layout = Layout(all.map(\.name))
            values = all.map(\.value)
        }
    }

    /// MemTotal.
    public var total: UInt64 { self[layout.total] }

    /// The value of a row of the layout, 0 for none.
    subscript(_ row: Int) -> UInt64 { values.indices.contains(row) ? values[row] : 0 }

    /// The fields of one kernel, and what a view is shown for each.
    public final class Layout: Sendable {
        struct Row: Sendable {
            /// Where the text before the number ends.
            let textEnd: Int
            let width: Int
            let source: Meminfo.Source
        }

        static let none = Layout([])

        let lines: LineLayout
        let rows: [Row]
        /// All between the numbers, one after the other: names, padding that is the same for every number, units.
        let text: [UInt8]
        let total: Int
        let free: Int
        let available: Int
        let swapTotal: Int
        let swapFree: Int
        let hugePage: Int

        init(_ names: [String]) {
            let lines = LineLayout(names, .named)
            self.lines = lines
            var text: [UInt8] = []
            var rows: [Row] = []
            for name in names {
                // Names are padded to 16; `HardwareCorrupted:` is longer and takes it from the number's 8.
                let length = name.utf8.count + 1
                text += (name + ":").utf8
                text += repeatElement(0x20, count: max(0, 16 - length))
                rows.append(Row(textEnd: text.count, width: min(8, max(0, 24 - length)), source: Meminfo.source(of: name)))
                text += (name.utf8.starts(with: "HugePages_".utf8) ? "\n" : " kB\n").utf8
            }
            self.text = text
            self.rows = rows
            func row(_ name: String) -> Int { lines.position(of: name) ?? -1 }
            total = row("MemTotal")
            free = row("MemFree")
            available = row("MemAvailable")
            swapTotal = row("SwapTotal")
            swapFree = row("SwapFree")
            hugePage = row("Hugepagesize")
        }
    }
}
