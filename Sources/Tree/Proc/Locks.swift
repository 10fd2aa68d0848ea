import Text

/// `/proc/locks`: `1: POSIX  ADVISORY  WRITE 3568 fd:00:2531452 0 EOF`
///
/// Number, kind, mode, access, pid, device and inode of the file, first and last byte; `1:  -> ` and the rest for who waits for it.
/// Source: `fs/locks.c`. Reads `locks` of a procfs of the vNode's PID namespace, where the kernel shows pids of that namespace and
/// leaves out locks of others, but for those that belong to an open file (pid -1, OFD) wherever it is open. These are left out here,
/// and waiters of other namespaces (pid 0); the numbers, which count the node's locks, are given anew. Device and inode are those of
/// the file itself, as maps and mountinfo of the process say them. Without a procfs of the vNode's own (debug mount): the
/// node's locks with a pid. Write: EACCES.
enum Locks {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        var number: UInt64 = 0
        var isShown = false
        for line in Lines(snapshot.locks) {
            guard let colon = line.firstIndex(of: 0x3a), Digits.parse(line[..<colon]) != nil else { continue }
            var words = Words(line[(colon + 1)...])
            let isWaiter = words.next().map { $0.elementsEqual("->".utf8) } ?? false
            let hasPID = pid(of: line[(colon + 1)...]) > 0
            if !isWaiter {
                isShown = hasPID
                if isShown { number += 1 }
            }
            guard isShown, hasPID else { continue }
            out.write(number)
            out.write(line[colon...])
            out.write(byte: 0x0a)
        }
    }

    /// The fourth word from the end; 0 for one that is no number, or below 0.
    private static func pid(of line: ArraySlice<UInt8>) -> UInt64 {
        let last = Array(Words(line)).suffix(4)
        return last.count == 4 ? last.first.flatMap { Digits.parse($0) } ?? 0 : 0
    }
}
