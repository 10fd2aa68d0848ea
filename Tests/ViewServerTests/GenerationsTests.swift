import SystemPackage
import Takeover
import Testing
import Tree

@testable import ViewServer

/// A snapshot file whose content counts the times it was computed.
private final class Subject {
    let records: Records
    private(set) var file: Generations
    let slot: RequestSlot
    var computed = 0
    var renewed = 0
    var lengths = [1]
    var renewals: [Generations.Renewal] = []

    init(_ memory: SharedMemory? = nil) throws {
        let memory = try memory ?? SharedMemory()
        let vault = Vault(memory)
        vault.open(owner: 7)
        let there = vault.found()
        func found(_ kind: Item.Kind) -> Vault.Record? { there.first { Item(raw: $0.item).kind == kind }?.record }
        records = Records(vault: vault, owner: 7)
        file = try Generations(records, view: 1, place: Place(entry: 3, instance: 0), file: found(.file), answer: found(.answer))
        slot = RequestSlot(memory, 0)
    }

    /// What the worker after this one finds.
    func successor() throws -> Subject { try Subject(records.vault.memory) }

    func close(_ opening: Generations.Opening = .cached) {
        slot.begin(connection: 1)
        file.close(opening, slot)
    }

    func open(at milliseconds: Int64) throws(Errno) -> Generations.Opening {
        slot.begin(connection: 1)
        return try reopen(at: milliseconds)
    }

    /// The same request again, by another worker.
    func reopen(at milliseconds: Int64) throws(Errno) -> Generations.Opening {
        try file.open(
            now: milliseconds * 1_000_000, freshness: 50_000_000, wallClock: milliseconds, slot: slot,
            render: { () throws(Errno) in
                computed += 1
                return [UInt8](repeating: UInt8(computed), count: lengths[min(computed, lengths.count) - 1])
            },
            renew: {
                renewed += 1
                renewals.append($0)
            })
    }

    func refresh(at milliseconds: Int64) throws(Errno) -> [UInt8] {
        _ = try file.refresh(now: milliseconds * 1_000_000, wallClock: milliseconds) { () throws(Errno) in
            computed += 1
            return [UInt8(computed)]
        }
        return file.content
    }
}

@Suite struct GenerationsTests {
    @Test func withinFreshnessTheKernelsCopyIsGoodEnough() throws {
        let subject = try Subject()
        #expect(try subject.open(at: 0) == .cached)
        subject.close()
        #expect(try subject.open(at: 50) == .cached)
        #expect(subject.computed == 1)
        #expect(subject.renewed == 1)
    }

    @Test func anAnswerThereIsNoRoomForIsReadDirectly() throws {
        let subject = try Subject()
        subject.lengths = [1, Vault.longest]
        #expect(try subject.open(at: 0) == .cached)
        subject.close()
        #expect(try subject.open(at: 100) == .direct)
        subject.close(.direct)
        #expect(subject.renewed == 1)
        subject.lengths = [1]
        #expect(try subject.open(at: 200) == .cached)
        // Who has it open and asks for another goes on with what there is.
        let content = subject.file.content
        let (answer, _) = try subject.file.refresh(now: 10_000_000_000, wallClock: 10_000) { () throws(Errno) in
            [UInt8](repeating: 0, count: Vault.longest)
        }
        #expect(answer.length == content.count)
        #expect(subject.file.content == content)
    }

    @Test func pastFreshnessANewAnswerTakesThePlaceOfOneNobodyReads() throws {
        let subject = try Subject()
        _ = try subject.open(at: 0)
        subject.close()
        #expect(try subject.open(at: 51) == .cached)
        #expect(subject.renewed == 2)
        #expect(subject.file.content == [2])
    }

    @Test func anAnswerSomebodyReadsStaysWhatItIs() throws {
        let subject = try Subject()
        _ = try subject.open(at: 0)
        #expect(try subject.open(at: 51) == .direct)
        #expect(subject.file.content == [1])
        #expect(subject.renewed == 1)
        subject.close()
        subject.close(.direct)
        #expect(try subject.open(at: 52) == .cached)
        #expect(subject.file.content == [2])
    }

    @Test func whoReadADirectAnswerNeverGetsAnOlderOneAfterIt() throws {
        let subject = try Subject()
        _ = try subject.open(at: 0)
        #expect(try subject.open(at: 51) == .direct)
        subject.close()
        subject.close(.direct)
        _ = try subject.open(at: 52)
        subject.close()
        // The direct handle is read only now, later than the answer in the page cache was computed.
        subject.file.outdate()
        _ = try subject.open(at: 60)
        #expect(subject.file.content == [3])
        subject.close()
        _ = try subject.open(at: 61)
        #expect(subject.computed == 3)
    }

    /// The kernel ignores attributes that another reply has overtaken: it may still have the answer before the refreshed one, and
    /// a longer one at that, whose end an overwriting would leave in place.
    @Test func aRefreshedAnswerIsNotOverwritten() throws {
        let subject = try Subject()
        subject.lengths = [3, 1, 2]
        _ = try subject.open(at: 0)
        #expect(try subject.refresh(at: 1030).count == 1)
        subject.close()
        let before = subject.file.current.stamp
        let next = try subject.successor()
        next.lengths = [2]
        #expect(try next.open(at: 1040) == .cached)
        #expect(next.renewals == [.drop])
        #expect(next.file.current.stamp > before)
        next.close()
        // The kernel has this one for certain.
        #expect(try next.open(at: 1095) == .cached)
        #expect(next.renewals.last == .overwrite([2, 2]))
    }

    @Test func aFileKeptOpenIsRefreshedOnceEveryReaderHasHadItForLong() throws {
        let subject = try Subject()
        _ = try subject.open(at: 0)
        #expect(try subject.refresh(at: 899) == [1])
        let before = subject.file.current.stamp
        #expect(try subject.refresh(at: 1000) == [2])
        #expect(subject.file.current.stamp > before)
    }

    @Test func aSecondReaderKeepsAKeptFileFromBeingRefreshedUnderIt() throws {
        let subject = try Subject()
        _ = try subject.open(at: 0)
        #expect(try subject.open(at: 50) == .cached)
        #expect(try subject.refresh(at: 940) == [1])
        #expect(try subject.refresh(at: 1000) == [2])
        // Whether the kernel has taken the new answer is not known: what is opened now must not be older.
        #expect(try subject.open(at: 1010) == .direct)
    }

    @Test func aPassThatHasBegunIsReadToItsEndInOneAnswer() throws {
        let subject = try Subject()
        _ = try subject.open(at: 0)
        // Reads every 5 ms across the end of the first second.
        for time in stride(from: Int64(900), to: 2000, by: 5) { #expect(try subject.refresh(at: time) == [1]) }
        // The next pass.
        #expect(try subject.refresh(at: 2500) == [2])
    }

    /// The first read of a pass is not seen while the attributes hold: the second, for the end of the file, may be the first to ask.
    @Test func aPassThatHasBegunUnseenIsReadToItsEndInOneAnswer() throws {
        let subject = try Subject()
        _ = try subject.open(at: 0)
        #expect(try subject.refresh(at: 901) == [1])
        let other = try Subject()
        _ = try other.open(at: 0)
        #expect(try other.refresh(at: 949) == [1])
        #expect(try other.refresh(at: 998) == [1])
        // Once a second is often enough to be seen afresh each time.
        #expect(try subject.refresh(at: 1901) == [2])
        #expect(try subject.refresh(at: 2901) == [3])
    }

    @Test func whoNeverPausesGetsANewAnswerInTheEnd() throws {
        let subject = try Subject()
        _ = try subject.open(at: 0)
        var seen: [UInt8] = []
        for time in stride(from: Int64(5), to: 7000, by: 5) { seen = try subject.refresh(at: time) }
        #expect(seen == [3])
    }

    @Test func nobodysStatMakesAnOldAnswerHoldLonger() throws {
        let subject = try Subject()
        #expect(subject.file.attributes(now: 0).1 == 0)
        _ = try subject.open(at: 0)
        #expect(subject.file.attributes(now: 400_000_000).1 == 500_000_000)
        #expect(subject.file.attributes(now: 1_400_000_000).1 == 0)
    }

    @Test func aCopyInTheKernelIsOverwrittenUnlessItIsLonger() throws {
        let subject = try Subject()
        subject.lengths = [2, 2, 3, 1, 1]
        for time in stride(from: Int64(0), to: 500, by: 100) {
            _ = try subject.open(at: time)
            subject.close()
        }
        #expect(subject.renewals == [.drop, .overwrite([2, 2]), .overwrite([3, 3, 3]), .drop, .overwrite([5])])
    }

    @Test func anOverwrittenCopyKeepsItsTimeAndADroppedOneDoesNot() throws {
        let subject = try Subject()
        subject.lengths = [2, 2, 1]
        _ = try subject.open(at: 0)
        subject.close()
        let first = subject.file.current.stamp
        _ = try subject.open(at: 100)
        subject.close()
        #expect(subject.file.current.stamp == first)
        _ = try subject.open(at: 200)
        #expect(subject.file.current.stamp > first)
    }

    @Test func stampsRiseEvenIfTheClockFalls() throws {
        let subject = try Subject()
        subject.lengths = [2]
        _ = try subject.open(at: 1000)
        subject.close()
        let first = subject.file.current.stamp
        subject.slot.begin(connection: 1)
        _ = try subject.file.open(
            now: 9_000_000_000, freshness: 0, wallClock: 5, slot: subject.slot, render: { () throws(Errno) in [9] }, renew: { _ in })
        #expect(subject.file.current.stamp > first)
    }

    @Test func aFailedReadingLeavesTheLastAnswerAndNoHandle() throws {
        let subject = try Subject()
        _ = try subject.open(at: 0)
        subject.close()
        subject.slot.begin(connection: 1)
        #expect(throws: Errno.noSuchAddressOrDevice) {
            _ = try subject.file.open(
                now: 60_000_000, freshness: 50_000_000, wallClock: 60, slot: subject.slot,
                render: { () throws(Errno) in throw .noSuchAddressOrDevice },
                renew: { _ in })
        }
        #expect(subject.file.content == [1])
        #expect(try subject.open(at: 70) == .cached)
    }

    @Test func aSuccessorGoesOnWithTheSameAnswer() throws {
        let subject = try Subject()
        _ = try subject.open(at: 0)
        let next = try subject.successor()
        #expect(next.file.content == [1])
        #expect(next.file.current.stamp == subject.file.current.stamp)
        #expect(next.file.current.takenAt == 0)
        // The handle is still open, so the answer stays.
        #expect(try next.open(at: 100) == .direct)
        next.close()
        next.close(.direct)
        #expect(try next.open(at: 100) == .cached)
        #expect(next.renewals == [.overwrite([1])])
    }

    @Test func anOpenThatIsReplayedCountsOnce() throws {
        let subject = try Subject()
        _ = try subject.open(at: 0)
        let next = try subject.successor()
        #expect(try next.reopen(at: 1) == .cached)
        #expect(next.computed == 0)
        next.close()
        // No handle is left, or this would be direct.
        #expect(try next.open(at: 100) == .cached)
    }

    @Test func aReleaseThatIsReplayedCountsOnce() throws {
        let subject = try Subject()
        _ = try subject.open(at: 0)
        _ = try subject.open(at: 1)
        subject.close()
        let next = try subject.successor()
        next.file.close(.cached, next.slot)
        // One of the two is still open.
        #expect(try next.open(at: 100) == .direct)
    }

    @Test func anAnswerTheKernelMayNotHaveIsNotTakenForItsCopy() throws {
        let subject = try Subject()
        _ = try subject.open(at: 0)
        subject.close()
        var next: Subject?
        subject.slot.begin(connection: 1)
        _ = try subject.file.open(
            now: 100_000_000, freshness: 50_000_000, wallClock: 100, slot: subject.slot, render: { () throws(Errno) in [2, 2] },
            renew: { _ in next = try? Subject(SharedMemory(copying: subject.records.vault.memory)) })
        let successor = try #require(next)
        #expect(try successor.open(at: 101) == .cached)
        #expect(successor.renewals == [.drop])
    }

    @Test func aDirectHandleKeepsTheCacheAsItIs() throws {
        let subject = try Subject()
        _ = try subject.open(at: 0)
        #expect(try subject.open(at: 51) == .direct)
        subject.close()
        // It may be mapped: the kernel must not be told of a new answer while it can be reading the old one.
        #expect(try subject.open(at: 52) == .direct)
        subject.close(.direct)
        subject.close(.direct)
        #expect(try subject.open(at: 53) == .cached)
        #expect(subject.renewed == 2)
    }

    @Test func aDirectOpenThatIsReplayedStaysOneAndDirect() throws {
        let subject = try Subject()
        _ = try subject.open(at: 0)
        #expect(try subject.open(at: 51) == .direct)
        let next = try subject.successor()
        #expect(try next.reopen(at: 52) == .direct)
        next.close()
        next.close(.direct)
        #expect(try next.open(at: 53) == .cached)
    }

    @Test func nothingTouchesTheRecordsOfAViewThatIsGone() throws {
        let subject = try Subject()
        _ = try subject.open(at: 0)
        subject.file.retire()
        subject.records.vault.remove(owner: 7)
        subject.records.vault.open(owner: 8)
        let other = try #require(subject.records.vault.put([1, 2, 3], owner: 8, item: 1))
        let cells = (0..<3).map { subject.records.vault.cell($0, of: other) }
        subject.close()
        subject.file.outdate()
        #expect(throws: Errno.noSuchFileOrDirectory) { _ = try subject.open(at: 100) }
        #expect(throws: Errno.noSuchFileOrDirectory) { _ = try subject.refresh(at: 3000) }
        #expect(cells.map(\.value) == [0, 0, 0])
        #expect(subject.file.content == [])
        #expect(subject.records.vault.bytes(of: other) == [1, 2, 3])
    }
}
