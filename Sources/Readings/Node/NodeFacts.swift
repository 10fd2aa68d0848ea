import Glibc
import Text

struct DeviceNumber: Hashable, Sendable {
    let major: Int
    let minor: Int
}

/// Names of the devices in /proc/diskstats.
func diskNames(_ bytes: [UInt8]) -> [DeviceNumber: String] {
    var names: [DeviceNumber: String] = [:]
    for line in Lines(bytes) {
        var words = Words(line)
        guard let major = words.next().flatMap({ Digits.parse($0) }), let minor = words.next().flatMap({ Digits.parse($0) }),
            let name = words.next()
        else { continue }
        names[DeviceNumber(major: Int(clamping: major), minor: Int(clamping: minor))] = String(decoding: name, as: UTF8.self)
    }
    return names
}

/// Release and version as uname(2), out of /proc/version: `Linux version <release> (...) (...) #<version>`.
func kernelNames(_ bytes: [UInt8]) -> (release: String, version: String) {
    let line = trimmed(bytes[...])
    let release = Array(Words(line).prefix(3)).dropFirst(2).first ?? []
    let mark = line.indices.first { line[$0] == 0x23 && $0 > line.startIndex && line[$0 - 1] == 0x20 }
    return (String(decoding: release, as: UTF8.self), mark.map { String(decoding: line[$0...], as: UTF8.self) } ?? "")
}

/// The number in `version 17`, the first line of /proc/schedstat; 15, which kernel 6.1 writes, without one.
func schedstatVersion(_ bytes: [UInt8]) -> UInt64 {
    var lines = Lines(bytes)
    guard let line = lines.next() else { return 15 }
    var words = Words(line)
    guard let word = words.next(), word.elementsEqual("version".utf8) else { return 15 }
    return words.next().flatMap { Digits.parse($0) } ?? 15
}

/// The first mount of a file system type in /proc/mounts, its octal escapes undone.
func mountPoint(of type: String, in mounts: [UInt8]) -> String? {
    for line in Lines(mounts) {
        let words = Array(Words(line).prefix(3))
        guard words.count == 3, words[2].elementsEqual(type.utf8) else { continue }
        var path: [UInt8] = []
        var at = words[1].startIndex
        while at < words[1].endIndex {
            let digits = words[1][at...].dropFirst().prefix(3)
            if words[1][at] == 0x5c, digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) {
                path.append(digits.reduce(0) { $0 &* 8 &+ ($1 &- 0x30) })
                at += 4
            } else {
                path.append(words[1][at])
                at += 1
            }
        }
        return String(decoding: path, as: UTF8.self)
    }
    return nil
}

func pageSize() -> UInt64 {
    let size = sysconf(CInt(_SC_PAGESIZE))
    return size > 0 ? UInt64(size) : 4096
}
