import SystemPackage

/// Options of a procfs that a process of a vNode asks for. The kernel parses them for the node's root, in staging: what takes a
/// path there (`pidns=`) would open one of the node's.
enum ProcOptions {
    /// What is passed on of what was asked for: `hidepid=` and `gid=`, with a word or a number. EINVAL for everything else: in a procfs
    /// with `subset=` nothing could be covered, and what is not there need not stay away.
    static func allowed(_ asked: [UInt8]) throws(Errno) -> String {
        var kept: [String] = []
        for part in asked.split(separator: 0x2c) {
            guard let sign = part.firstIndex(of: 0x3d), part.allSatisfy({ $0 < 0x80 }) else { throw .invalidArgument }
            let value = part[part.index(after: sign)...]
            let isNumber = !value.isEmpty && value.count <= 10 && value.allSatisfy { (0x30...0x39).contains($0) }
            let isWord = !value.isEmpty && value.count <= 16 && value.allSatisfy { (0x61...0x7a).contains($0) }
            switch String(decoding: part[..<sign], as: UTF8.self) {
            case "hidepid" where isNumber || isWord: break
            case "gid" where isNumber: break
            default: throw .invalidArgument
            }
            kept.append(String(decoding: part, as: UTF8.self))
        }
        return kept.joined(separator: ",")
    }
}
