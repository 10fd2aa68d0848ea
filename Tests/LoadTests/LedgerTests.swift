import LoadChecks
import Testing

@Suite struct LedgerTests {
    @Test func whatBeganAfterAnotherEndedMustNotShowLess() {
        let ledger = Ledger()
        let first = ledger.floor
        #expect(ledger.settle([10, 20], over: first) == nil)
        let second = ledger.floor
        #expect(ledger.settle([9, 30], over: second) == "counter 1 is 9 after 10")
        #expect(ledger.floor == [10, 30])
    }

    @Test func whatOverlapsMayShowLess() {
        let ledger = Ledger()
        let early = ledger.floor
        let late = ledger.floor
        #expect(ledger.settle([10], over: late) == nil)
        #expect(ledger.settle([5], over: early) == nil)
        #expect(ledger.floor == [10])
    }

    @Test func anotherNumberOfCountersIsAFault() {
        let ledger = Ledger()
        #expect(ledger.settle([1, 2], over: ledger.floor) == nil)
        #expect(ledger.settle([1], over: ledger.floor) == "1 counters after 2")
    }

    @Test func fixedContentIsThatOfTheFirst() {
        let ledger = Ledger()
        #expect(ledger.settle(fixed: [1, 2, 3]) == nil)
        #expect(ledger.settle(fixed: [1, 2, 3]) == nil)
        #expect(ledger.settle(fixed: [1, 2]) == "2 bytes that differ from the first 3 at byte 2")
    }
}

@Suite struct HistogramTests {
    @Test func quantilesAreWithinASixtyFourth() {
        var histogram = Histogram()
        #expect(histogram.quantile(0.5) == 0)
        for value in 1...100_000 { histogram.add(Int64(value)) }
        for share in [0.01, 0.5, 0.9, 0.99, 0.999] {
            let exact = share * 100_000
            #expect(abs(Double(histogram.quantile(share)) - exact) <= exact / 64 + 1)
        }
        #expect(histogram.quantile(1) == 100_000)
        #expect(histogram.longest == 100_000)
    }

    @Test func sumsAndExtremes() {
        var one = Histogram()
        one.add(5)
        one.add(-1)
        var other = Histogram()
        other.add(.max)
        one.add(other)
        #expect(one.count == 3)
        #expect(one.quantile(0) == 0)
        #expect(one.quantile(1) == .max)
    }
}
