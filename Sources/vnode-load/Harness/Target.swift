import Glibc
import Linux
import LoadChecks
import Synchronization
import SystemPackage
import Tree

/// One vNode as readers see it.
final class Node: Sendable {
    let name: String
    /// Paths of files are below it.
    let root: OwnedFD
    let expectation: Expectation
    private let leaving = Atomic<Bool>(false)

    init(name: String, root: consuming OwnedFD, expectation: Expectation) {
        self.name = name
        self.root = root
        self.expectation = expectation
    }

    /// Set before it is stopped: what fails from then on may.
    var isLeaving: Bool { leaving.load(ordering: .acquiring) }

    func leave() { leaving.store(true, ordering: .releasing) }
}

/// One file of one vNode.
final class Target: Sendable {
    let node: Node
    /// Below the node's root.
    let path: String
    /// As the table has it.
    let name: String
    let kind: FileKind
    let ledger = Ledger()
    /// It may sit in the page cache, where a pass of more than a second can see it change.
    let isCached: Bool

    init(_ node: Node, path: String, name: String, isCached: Bool) {
        self.node = node
        self.path = path
        self.name = name
        self.isCached = isCached
        kind = FileKind(path: name)
    }

    func open() throws(Errno) -> OwnedFD { try Files.open(path, below: node.root.raw, flags: O_RDONLY) }
}

/// One read that went wrong.
struct Example: Encodable, Sendable {
    /// `failed`, `malformed`, `backward`, `hung`, `frozen` or `command`.
    let kind: String
    let vnode: String
    let file: String
    let what: String
    /// Bytes a read.
    let step: Int
    /// The handle was open before and read again from its start.
    let isKeptOpen: Bool
    /// Since the start of the run.
    let seconds: Double

    var text: String {
        let manner = step > 0 ? " in steps of \(step)\(isKeptOpen ? ", kept open" : "")" : ""
        return "\(kind) at \(decimal(seconds)) s: \(vnode) \(file)\(manner): \(what)"
    }
}

/// What readers have counted.
struct Tally: Sendable {
    var opens = 0
    var reads = 0
    var bytes = 0
    var failed = 0
    var malformed = 0
    var backward = 0
    var hung = 0
    var frozen = 0
    /// For how long a file kept open has shown the same, nanoseconds.
    var longestFrozen: Int64 = 0
    /// Passes of cached files that took more than a second and are not of one moment: known and documented.
    var stretched = 0
    /// Failed because the vNode was being stopped.
    var leaving = 0
    var examples: [Example] = []
    /// Open, read in few steps, close.
    var latency = Histogram()
    /// Passes in whatever steps.
    var longest: Int64 = 0
    /// The longest any system call of a pass took, nanoseconds.
    var longestCall: Int64 = 0
    /// Passes during which a worker was killed or was not back yet, and the longest system call of each: the pause.
    var atKill = Histogram()
    var callAtKill = Histogram()

    var faults: Int { failed + malformed + backward + hung + frozen }

    mutating func add(_ other: Tally) {
        opens += other.opens
        reads += other.reads
        bytes += other.bytes
        failed += other.failed
        malformed += other.malformed
        backward += other.backward
        hung += other.hung
        frozen += other.frozen
        longestFrozen = max(longestFrozen, other.longestFrozen)
        stretched += other.stretched
        leaving += other.leaving
        for example in other.examples where examples.count(where: { $0.kind == example.kind && $0.file == example.file }) < 3 {
            examples.append(example)
        }
        latency.add(other.latency)
        longest = max(longest, other.longest)
        atKill.add(other.atKill)
        longestCall = max(longestCall, other.longestCall)
        callAtKill.add(other.callAtKill)
    }
}
