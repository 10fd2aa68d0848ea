import Text
import Tree

/// Content that is the same on every machine, and so no evidence.
enum Constants {
    static func holds(_ bytes: [UInt8], at path: String) -> Bool {
        isTrivial(bytes) || isAnsweredEverywhere(bytes, path) || KernelDefaults.holds(bytes, at: path) || isAtRest(bytes, path)
    }

    /// Nothing, zeros, a switch: most files of most machines hold one of these.
    static func isTrivial(_ bytes: [UInt8]) -> Bool {
        if bytes.allSatisfy({ $0 == 0x30 || $0 == 0x2c || $0 == 0x2d || $0 == 0x2e || $0 == 0x0a || $0 == 0x20 || $0 == 0x09 || $0 == 0 }) {
            return true
        }
        return ["1\n", "1", "-1\n", "Y\n", "N\n", "(null)\n", "(none)\n", "none\n", "unlimited\n", "max\n"].contains {
            $0.utf8.elementsEqual(bytes)
        }
    }

    /// What the table answers without having looked at any node, whoever serves it here: from a snapshot of nothing.
    private static func isAnsweredEverywhere(_ bytes: [UInt8], _ path: String) -> Bool {
        guard let place = Catalog.standard.place(at: String(path.dropFirst())), let render = Catalog.standard[place].row?.render
        else { return false }
        var out = ByteWriter()
        render(Snapshot(), place.instance, &out)
        return out.bytes == bytes
    }

    /// The heading of a table of a namespace that has no line, or counters of it, or of a cgroup, that have counted nothing.
    private static func isAtRest(_ bytes: [UInt8], _ path: String) -> Bool {
        let isOfNamespace = ["/proc/self/net/", "/proc/sysvipc/", "/proc/pressure/", "/sys/fs/cgroup/"].contains(where: path.hasPrefix)
        guard isOfNamespace, bytes.count < 8192 else { return false }
        // The resolution of the packet scheduler's clock.
        if path == "/proc/self/net/psched" { return bytes.elementsEqual("000003e8 00000040 000f4240 3b9aca00\n".utf8) }
        // With no service; the size is the default's.
        if path == "/proc/self/net/ip_vs" {
            let lines = bytes.split(separator: 0x0a)
            return lines.count == 3 && lines[0].elementsEqual("IP Virtual Server version 1.2.1 (size=4096)".utf8)
        }
        // Protocol families by number, without a logger until somebody loads one.
        if path == "/proc/self/net/netfilter/nf_log" {
            let words = bytes.split { $0 == 0x0a || $0 == 0x20 }.map { String(decoding: $0, as: UTF8.self) }
            return words.allSatisfy { $0 == "NONE" || $0 == "()" || UInt8($0) != nil }
        }
        var numbers = Numbers(bytes).values
        // The loopback device is the first one of every network namespace.
        if path == "/proc/self/net/dev_snmp6/lo", let index = numbers.first(where: { $0.key.line.hasPrefix("ifIndex") && $0.value == 1 }) {
            numbers[index.key] = nil
        }
        // A table of a namespace may be its heading; of a cgroup only counters are meant.
        return numbers.values.allSatisfy { $0 == 0 } && (!numbers.isEmpty || !path.hasPrefix("/sys/"))
    }
}
