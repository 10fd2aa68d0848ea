import SystemPackage
import Testing

@testable import ViewServer

@Suite struct DirectHandlesTests {
    @Test func aReaderKeepsItsAnswerUntilItStartsOver() throws {
        let handles = DirectHandles()
        let handle = handles.open()
        var computed: UInt8 = 0
        func read(_ offset: Int) throws(Errno) -> [UInt8] {
            try handles.bytes(of: handle, offset: offset) { () throws(Errno) in
                computed += 1
                return [computed]
            }
        }
        #expect(try read(0) == [1])
        #expect(try read(1) == [1])
        #expect(try read(4096) == [1])
        #expect(try read(0) == [2])
    }

    @Test func handlesAreNeverZeroAndNeverTheSame() {
        let handles = DirectHandles()
        let made = (0..<100).map { _ in handles.open() }
        #expect(!made.contains(0))
        #expect(Set(made).count == 100)
    }

    @Test func manyOpenFilesHoldABoundedNumberOfAnswers() throws {
        let handles = DirectHandles()
        let first = handles.open()
        _ = try handles.bytes(of: first, offset: 0) { () throws(Errno) in [1] }
        for _ in 0..<DirectHandles.most {
            _ = try handles.bytes(of: handles.open(), offset: 0) { () throws(Errno) in [2] }
        }
        // The oldest answer was let go: its reader gets a new one.
        #expect(try handles.bytes(of: first, offset: 1) { () throws(Errno) in [3] } == [3])
    }

    @Test func theOldestAnswersGoFirstWhateverWasClosedOrReadAgain() throws {
        let handles = DirectHandles()
        func read(_ handle: UInt64, _ offset: Int, _ answer: UInt8) throws(Errno) -> UInt8? {
            try handles.bytes(of: handle, offset: offset) { () throws(Errno) in [answer] }.first
        }
        let first = handles.open()
        let second = handles.open()
        _ = try read(first, 0, 1)
        _ = try read(second, 0, 2)
        // Many come and go without ever being too many at once.
        for _ in 0..<(5 * DirectHandles.most) {
            let handle = handles.open()
            _ = try read(handle, 0, 3)
            handles.close(handle)
        }
        #expect(try read(first, 1, 9) == 1)
        // Read again from the start, the first is now younger than the second.
        _ = try read(first, 0, 4)
        for _ in 0..<(DirectHandles.most - 1) { _ = try read(handles.open(), 0, 5) }
        #expect(try read(first, 1, 9) == 4)
        #expect(try read(second, 1, 9) == 9)
    }

    @Test func aClosedHandleHoldsNothing() throws {
        let handles = DirectHandles()
        let handle = handles.open()
        _ = try handles.bytes(of: handle, offset: 0) { () throws(Errno) in [1] }
        handles.close(handle)
        #expect(try handles.bytes(of: handle, offset: 1) { () throws(Errno) in [2] } == [2])
    }
}
