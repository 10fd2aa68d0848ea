import SystemPackage
import Testing

@testable import ViewServer

/// A snapshot file whose content counts the times it was computed.
private final class Subject {
    let file = Generations()
    var computed = 0
    var renewed = 0
    var lengths = [1]
    var renewals: [Generations.Renewal] = []

    func open(at milliseconds: Int64) throws(Errno) -> Generations.Opening {
        try file.open(
            now: milliseconds * 1_000_000, freshness: 50_000_000, wallClock: milliseconds,
            render: { () throws(Errno) in
                computed += 1
                return [UInt8](repeating: UInt8(computed), count: lengths[min(computed, lengths.count) - 1])
            },
            renew: {
                renewed += 1
                renewals.append($0)
            })
    }

    func refresh(at milliseconds: Int64) throws(Errno) -> Generations.Answer {
        try file.refresh(now: milliseconds * 1_000_000, wallClock: milliseconds) { () throws(Errno) in
            computed += 1
            return [UInt8(computed)]
        }
    }
}

@Suite struct GenerationsTests {
    @Test func withinFreshnessTheKernelsCopyIsGoodEnough() throws {
        let subject = Subject()
        #expect(try subject.open(at: 0) == .cached)
        subject.file.close()
        #expect(try subject.open(at: 50) == .cached)
        #expect(subject.computed == 1)
        #expect(subject.renewed == 1)
    }

    @Test func pastFreshnessANewAnswerTakesThePlaceOfOneNobodyReads() throws {
        let subject = Subject()
        _ = try subject.open(at: 0)
        subject.file.close()
        #expect(try subject.open(at: 51) == .cached)
        #expect(subject.renewed == 2)
        #expect(subject.file.current.bytes == [2])
    }

    @Test func anAnswerSomebodyReadsStaysWhatItIs() throws {
        let subject = Subject()
        _ = try subject.open(at: 0)
        #expect(try subject.open(at: 51) == .direct)
        #expect(subject.file.current.bytes == [1])
        #expect(subject.renewed == 1)
        subject.file.close()
        #expect(try subject.open(at: 52) == .cached)
        #expect(subject.file.current.bytes == [2])
    }

    @Test func whoReadADirectAnswerNeverGetsAnOlderOneAfterIt() throws {
        let subject = Subject()
        _ = try subject.open(at: 0)
        #expect(try subject.open(at: 51) == .direct)
        subject.file.close()
        _ = try subject.open(at: 52)
        subject.file.close()
        // The direct handle is read only now, later than the answer in the page cache was computed.
        subject.file.outdate()
        _ = try subject.open(at: 60)
        #expect(subject.file.current.bytes == [3])
        subject.file.close()
        _ = try subject.open(at: 61)
        #expect(subject.computed == 3)
    }

    @Test func aFileKeptOpenIsRefreshedOnceEveryReaderHasHadItForLong() throws {
        let subject = Subject()
        _ = try subject.open(at: 0)
        #expect(try subject.refresh(at: 999).bytes == [1])
        let before = subject.file.current.stamp
        #expect(try subject.refresh(at: 1001).bytes == [2])
        #expect(subject.file.current.stamp > before)
    }

    @Test func aSecondReaderKeepsAKeptFileFromBeingRefreshedUnderIt() throws {
        let subject = Subject()
        _ = try subject.open(at: 0)
        _ = try subject.refresh(at: 2000)
        #expect(try subject.open(at: 2010) == .cached)
        #expect(try subject.refresh(at: 3005).bytes == [2])
    }

    @Test func aCopyInTheKernelIsOverwrittenUnlessItIsLonger() throws {
        let subject = Subject()
        subject.lengths = [2, 2, 3, 1, 1]
        for time in stride(from: Int64(0), to: 500, by: 100) {
            _ = try subject.open(at: time)
            subject.file.close()
        }
        #expect(subject.renewals == [.drop, .overwrite([2, 2]), .overwrite([3, 3, 3]), .drop, .overwrite([5])])
    }

    @Test func anOverwrittenCopyKeepsItsTimeAndADroppedOneDoesNot() throws {
        let subject = Subject()
        subject.lengths = [2, 2, 1]
        _ = try subject.open(at: 0)
        subject.file.close()
        let first = subject.file.current.stamp
        _ = try subject.open(at: 100)
        subject.file.close()
        #expect(subject.file.current.stamp == first)
        _ = try subject.open(at: 200)
        #expect(subject.file.current.stamp > first)
    }

    @Test func stampsRiseEvenIfTheClockFalls() throws {
        let subject = Subject()
        subject.lengths = [2]
        _ = try subject.open(at: 1000)
        subject.file.close()
        let first = subject.file.current.stamp
        _ = try subject.file.open(now: 9_000_000_000, freshness: 0, wallClock: 5, render: { () throws(Errno) in [9] }, renew: { _ in })
        #expect(subject.file.current.stamp > first)
    }

    @Test func aFailedReadingLeavesTheLastAnswerAndNoHandle() throws {
        let subject = Subject()
        _ = try subject.open(at: 0)
        subject.file.close()
        #expect(throws: Errno.noSuchAddressOrDevice) {
            _ = try subject.file.open(
                now: 60_000_000, freshness: 50_000_000, wallClock: 60, render: { () throws(Errno) in throw .noSuchAddressOrDevice },
                renew: { _ in })
        }
        #expect(subject.file.current.bytes == [1])
        #expect(try subject.open(at: 70) == .cached)
    }
}
