/// A vNode's own UIDs and GIDs on the node.
public enum IDRange {
    public static let size: UInt32 = 65536

    /// First id of the lowest range nobody uses; nil when all are taken. Range 0 is the node's own.
    public static func lowestFree(taken: some Sequence<UInt32>) -> UInt32? {
        let taken = Set(taken.map { $0 / size })
        // The last range holds (uid_t)-1, which is no id.
        return (1..<UInt32.max / size).first { !taken.contains($0) }.map { $0 * size }
    }
}
