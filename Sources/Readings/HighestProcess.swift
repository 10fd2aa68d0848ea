import Linux
import Synchronization
import SystemPackage
import Text

/// The highest number that is a name in a procfs, of those from `last` on; what is answered when there is none is below that.
///
/// procfs lists processes in order and has process N at position N and a constant. The constant is learnt from a listing, and
/// then only the end of the next is looked at. Whatever does not look like that is listed from its start.
func highestProcess(in procfs: CInt, from last: Int) throws(Errno) -> Int {
    let distance = listingDistance.load(ordering: .relaxed)
    if last > 0, last <= mostProcesses, distance > 0, distance <= mostProcesses, Files.isKernelFile(procfs) {
        var highest = 0
        var isInOrder = true
        try unsafe Files.forEachName(in: procfs, from: last + distance) { name, _, _ in
            guard let number = unsafe Digits.parse(name).map({ Int(clamping: $0) }), number >= last, number > highest else {
                isInOrder = false
                return false
            }
            highest = number
            return true
        }
        if isInOrder { return highest }
    }
    return try highestProcessOfAll(in: procfs)
}

/// Of the kernel's; 0 until it is known, -1 where positions are something else.
private let listingDistance = Atomic<Int>(0)

/// PID_MAX_LIMIT.
private let mostProcesses = 4 << 20

private func highestProcessOfAll(in procfs: CInt) throws(Errno) -> Int {
    var highest = 0
    var position = 0
    var distances = Set<Int>()
    var count = 0
    try unsafe Files.forEachName(in: procfs) { name, _, next in
        if let number = unsafe Digits.parse(name).map({ Int(clamping: $0) }) {
            count += 1
            distances.insert(position &- number)
            highest = max(highest, number)
        }
        position = next
        return true
    }
    // One process alone could be anywhere.
    if count > 1, listingDistance.load(ordering: .relaxed) == 0, Files.isKernelFile(procfs) {
        listingDistance.store(distances.count == 1 ? distances.first.map { max(-1, $0) } ?? -1 : -1, ordering: .relaxed)
    }
    return highest
}
