import Glibc

/// The keys of a kernel file in their order, which stays as it is while the kernel runs: so a file is compared with the keys it
/// had the last time, and nothing is looked up by name. What a key's place means is decided once a layout.
public struct LineLayout: Sendable {
    public enum Shape: Sendable {
        /// `key value`, as memory.stat (see `FlatKeyed`).
        case flat
        /// `Name:   value kB`, as /proc/meminfo (see `namedValues`).
        case named

        @inline(__always)
        var separator: UInt8 { self == .flat ? 0x20 : 0x3a }
    }

    public let names: [String]
    private let shape: Shape
    /// Every key with its separator, one after the other, and where each ends.
    private let keys: [UInt8]
    private let ends: [Int]

    public init(_ names: [String], _ shape: Shape) {
        self.names = names
        self.shape = shape
        var keys: [UInt8] = []
        var ends: [Int] = []
        for name in names {
            keys += name.utf8
            keys.append(shape.separator)
            ends.append(keys.count)
        }
        self.keys = keys
        self.ends = ends
    }

    /// The values of a file with exactly these keys in this order and nothing else; nil for any other.
    public func values(of file: [UInt8]) -> [UInt64]? {
        var values: [UInt64] = []
        values.reserveCapacity(ends.count)
        let isWhole = unsafe keys.withUnsafeBufferPointer { keys in
            unsafe file.withUnsafeBufferPointer { unsafe read($0, keys, into: &values) }
        }
        return isWhole ? values : nil
    }

    /// Every index is below the end it is compared with just before: this is half of what an answer with memory costs.
    private func read(_ file: UnsafeBufferPointer<UInt8>, _ keys: UnsafeBufferPointer<UInt8>, into values: inout [UInt64]) -> Bool {
        let isNamed = shape == .named
        let size = file.count
        var at = 0
        var key = 0
        for end in ends {
            let length = end - key
            guard size - at >= length, let start = file.baseAddress, let wanted = keys.baseAddress,
                unsafe memcmp(start + at, wanted + key, length) == 0
            else { return false }
            at += length
            key = end
            if isNamed { while at < size, unsafe isBlank(file[at]) { at += 1 } }
            let digits = at
            var value: UInt64 = 0
            while at < size {
                let byte = unsafe file[at]
                guard (0x30...0x39).contains(byte) else { break }
                // 19 digits always fit.
                value = at - digits < 19 ? value &* 10 &+ UInt64(byte &- 0x30) : Digits.append(byte, to: value)
                at += 1
            }
            guard at > digits else { return false }
            if at < size, unsafe file[at] != 0x0a {
                guard isNamed, unsafe isBlank(file[at]) else { return false }
                while at < size, unsafe file[at] != 0x0a { at += 1 }
            }
            at += 1
            values.append(value)
        }
        return at >= size
    }

    /// Where a name stands; the first of two alike.
    public func position(of name: String) -> Int? { names.firstIndex(of: name) }
}
