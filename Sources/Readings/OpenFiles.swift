import Glibc
import Linux
import Synchronization
import SystemPackage

/// A bound on the files kept open, shared by everybody who keeps some. Who comes when it is reached takes the place of one that
/// was not read for a while.
final class OpenFiles: Sendable {
    /// Of all views: a thousand vNodes may have been read, a few are read all the time.
    static let ofViews = OpenFiles(most: 256)

    private struct Place: Sendable {
        weak var file: KeptFile?
    }

    private struct State {
        var places: [Place] = []
        var hand = 0
    }

    private let state = Mutex(State())
    private let most: Int

    init(most: Int) { self.most = most }

    /// Whether the file may stay open. Called with the file locked.
    func admit(_ file: KeptFile) -> Bool {
        state.withLock { state in
            if state.places.count < most {
                state.places.append(Place(file: file))
                return true
            }
            // Twice around: the first time a file that was read since it was last passed is spared.
            for _ in 0..<(2 * most) {
                let at = state.hand
                state.hand = (at + 1) % most
                if let other = state.places[at].file, other !== file, !other.letGo() { continue }
                state.places[at] = Place(file: file)
                return true
            }
            return false
        }
    }

    /// Files that are open, for tests.
    var count: Int {
        let files = state.withLock { $0.places.compactMap(\.file) }
        return Set(files.filter(\.isOpen).map(ObjectIdentifier.init)).count
    }
}

/// A file of a directory that is read again and again. In a kernel file system it is opened once: a read from its start is computed
/// anew, and fails once the file is gone. In any other, where an open file outlives its name, it is opened each time.
final class KeptFile: Sendable {
    private let name: String
    private let oneRecord: Bool
    private let room: Int
    /// nil for a file that is one on the whole node.
    private let bound: OpenFiles?
    private let file = Mutex<OwnedFD?>(nil)
    private let wasRead = Atomic(false)

    init(_ name: String, oneRecord: Bool = true, room: Int = 4096, bound: OpenFiles? = nil) {
        self.name = name
        self.oneRecord = oneRecord
        self.room = room
        self.bound = bound
    }

    var isOpen: Bool { file.withLock { $0?.raw != nil } }

    /// The content now. One read at a time, because the kernel keeps the place in a file that takes several.
    func read(below directory: Directory, limit: Int = 1 << 20) throws(Errno) -> [UInt8] {
        guard directory.keepsFiles else {
            let opened = try Files.open(name, below: directory.raw, flags: O_RDONLY)
            return try reread(opened.raw, limit)
        }
        return try file.withLock { file throws(Errno) in
            wasRead.store(true, ordering: .relaxed)
            if let raw = file?.raw {
                // Gone: only the directory knows whether the controller went, or the cgroup, or there is another one by now.
                do { return try reread(raw, limit) } catch { file = nil }
            }
            let opened = try Files.open(name, below: directory.raw, flags: O_RDONLY)
            let bytes = try reread(opened.raw, limit)
            if bound?.admit(self) ?? true { file = consume opened }
            return bytes
        }
    }

    private func reread(_ raw: CInt, _ limit: Int) throws(Errno) -> [UInt8] {
        try Files.reread(raw, room: room, oneRecord: oneRecord, limit: limit)
    }

    /// Closes the file, unless it is being read or was since this was asked last.
    fileprivate func letGo() -> Bool {
        if wasRead.exchange(false, ordering: .relaxed) { return false }
        return file.withLockIfAvailable { $0 = nil } != nil
    }
}
