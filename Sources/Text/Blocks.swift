/// One line of /proc/cpuinfo: `name<tabs>: value`.
public struct BlockLine: Sendable {
    /// Without the padding.
    public let name: String
    /// Up to the colon and with it, as the kernel aligned it.
    public let label: ArraySlice<UInt8>
    /// Behind the colon, with the space the kernel usually puts there, without the newline.
    public let value: ArraySlice<UInt8>
}

/// Blocks of `name : value` lines with an empty line between. Lines without a colon are skipped, empty blocks too.
public func blocks(_ bytes: [UInt8]) -> [[BlockLine]] {
    var found: [[BlockLine]] = []
    var block: [BlockLine] = []
    for line in Lines(bytes) {
        if line.isEmpty {
            if !block.isEmpty { found.append(block) }
            block = []
        } else if let colon = line.firstIndex(of: 0x3a) {
            let name = String(decoding: trimmed(line[..<colon]), as: UTF8.self)
            block.append(BlockLine(name: name, label: line[...colon], value: line[(colon + 1)...]))
        }
    }
    if !block.isEmpty { found.append(block) }
    return found
}
