import Testing
import Tree

@testable import ViewServer

/// `Telling` where an expectation can ask it.
private final class Subject {
    private var telling = Telling()

    func note(_ vnode: String, view: Int, before: Extent) -> Bool { telling.note(vnode, view: view, before: before) }
    func failed(_ vnode: String) { telling.failed(vnode) }
    func waiting() -> [String] { telling.waiting() }
    func take(_ vnode: String) -> [Int: Extent] { telling.take(vnode) }
}

@Suite struct TellingTests {
    private let old = Extent(cpus: CPUSet([0, 1]))
    private let new = Extent(cpus: CPUSet([0]))

    @Test func whatWasToldLastIsWhatCounts() {
        let telling = Subject()
        #expect(telling.note("a", view: 1, before: old))
        // Changed again before the thread came to it.
        #expect(!telling.note("a", view: 1, before: new))
        #expect(telling.waiting() == [])
        #expect(telling.take("a") == [1: old])
        #expect(telling.take("a") == [:])
        #expect(telling.note("a", view: 1, before: new))
    }

    @Test func aChangeOutlivesAThreadThatCannotBeStarted() {
        let telling = Subject()
        #expect(telling.note("a", view: 1, before: old))
        telling.failed("a")
        #expect(telling.waiting() == ["a"])
        // One is being started.
        #expect(telling.waiting() == [])
        telling.failed("a")
        // Another change tries as well.
        #expect(telling.note("a", view: 1, before: new))
        #expect(telling.take("a") == [1: old])
    }
}
