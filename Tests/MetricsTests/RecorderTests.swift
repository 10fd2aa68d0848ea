import Testing

@testable import Metrics

@Suite struct HistogramTests {
    @Test func oneIsAtMost100Bytes() { #expect(MemoryLayout<Histogram<UInt32>>.size == 100) }

    @Test func everyBoundIsTheLastTimeOfItsBucket() {
        #expect(HistogramBounds.microseconds.count == 24)
        for (bucket, bound) in HistogramBounds.microseconds.enumerated() {
            #expect(HistogramBounds.bucket(Int64(bound) * 1000) == bucket)
            #expect(HistogramBounds.bucket(Int64(bound) * 1000 + 1) == bucket + 1)
            #expect(HistogramBounds.bucket(Int64(bound) * 1000 - 1) == bucket)
        }
    }

    @Test(arguments: [(Int64.min, 0), (-1, 0), (0, 0), (1, 0), (Int64.max, 24)])
    func anyTimeHasABucket(nanoseconds: Int64, bucket: Int) { #expect(HistogramBounds.bucket(nanoseconds) == bucket) }

    @Test func quantilesAreUpperBounds() {
        var times = Histogram<UInt32>()
        #expect(times.quantile(0.5) == nil)
        for _ in 0..<98 { times.add(nanoseconds: 5_500) }
        times.add(nanoseconds: 300_000)
        times.add(nanoseconds: 60_000_000_000)
        #expect(times.quantile(0) == 6e-6)
        #expect(times.quantile(0.5) == 6e-6)
        #expect(times.quantile(0.99) == 384e-6)
        #expect(times.quantile(1) == .infinity)
        #expect(times.quantile(.nan) == .infinity)
        #expect(times.quantile(-1) == .infinity)
        #expect(times.count == 100)
        #expect(
            times.cumulative == Array(repeating: 0, count: 3) + Array(repeating: 98, count: 12) + Array(repeating: 99, count: 9) + [100])
    }

    @Test func countsStopAtTheLargestNumber() throws {
        var full = try #require(Histogram<UInt32>(counts: [UInt32.max - 1, 7]))
        full.add(nanoseconds: 1)
        full.add(nanoseconds: 1)
        #expect(full[0] == .max)
        full.merge(full)
        #expect(full[0] == .max && full[1] == 14)
        var wide = try #require(Histogram<UInt64>(counts: [.max, .max]))
        #expect(wide.count == .max)
        #expect(wide.cumulative.last == .max)
        #expect(wide.quantile(0.99) == 1e-6)
        wide.merge(full)
        #expect(wide[0] == .max)
        #expect(Histogram<UInt64>(counts: [UInt64](repeating: 0, count: 26)) == nil)
        var narrow = Histogram<UInt32>()
        narrow.merge(wide)
        #expect(narrow[1] == .max)
    }
}

@Suite struct RecorderTests {
    @Test func whatThreadsRecordedAddsUp() {
        let recorders = Recorders()
        let one = recorders.add()
        let other = recorders.add()
        one.record(vnode: 1, entry: 7, nanoseconds: 4_000, isRefill: true, isError: false)
        other.record(vnode: 1, entry: 7, nanoseconds: 400_000, isRefill: false, isError: true)
        other.record(vnode: 2, entry: 0, nanoseconds: -5, isRefill: false, isError: false)
        let counts = recorders.collect()
        #expect(Set(counts.vnodes.keys) == [1, 2])
        let file = counts.vnodes[1]?[7]
        #expect(file?.requests == 2 && file?.refills == 1 && file?.errors == 1 && file?.nanoseconds == 404_000)
        #expect(file?.histogram[2] == 1 && file?.histogram[16] == 1)
        #expect(counts.vnodes[2]?.keys.map { $0 } == [0])
        #expect(counts.vnodes[2]?[0]?.nanoseconds == 0)
        #expect(counts.totals[7] == file)
    }

    @Test(arguments: [-1, Recorder.mostEntries, Int.min, Int.max])
    func whatIsNoEntryIsNotCounted(entry: Int) {
        let recorders = Recorders()
        recorders.add().record(vnode: 1, entry: entry, nanoseconds: 1, isRefill: false, isError: false)
        #expect(recorders.collect() == Counts())
    }

    @Test func aForgottenVNodeStaysInTheTotals() {
        let recorders = Recorders()
        let recorder = recorders.add()
        for vnode in UInt64(1)...3 {
            for _ in 0..<10 { recorder.record(vnode: vnode, entry: 3, nanoseconds: 1_000, isRefill: false, isError: false) }
        }
        let before = recorders.collect()
        recorders.forget(vnode: 3)
        recorders.forget(vnode: 3)
        recorders.forget(vnode: 99)
        #expect(Set(recorders.collect().vnodes.keys) == [1, 2])
        #expect(recorders.collect().totals == before.totals)
        // Its place is used again, and starts from nothing.
        recorder.record(vnode: 4, entry: 5, nanoseconds: 1_000, isRefill: false, isError: false)
        #expect(recorders.collect().vnodes[4]?.keys.map { $0 } == [5])
        recorders.forgetAll(except: [4])
        #expect(Array(recorders.collect().vnodes.keys) == [4])
        #expect(recorders.collect().totals[3]?.requests == 30)
    }

    @Test func collectingWhileThreadsRecordLosesNothing() async {
        let recorders = Recorders()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                let recorder = recorders.add()
                group.addTask {
                    for turn in 0..<20_000 {
                        recorder.record(vnode: UInt64(turn % 5), entry: turn % 40, nanoseconds: 1, isRefill: false, isError: false)
                    }
                }
            }
            group.addTask {
                for _ in 0..<50 {
                    _ = recorders.collect()
                    recorders.forget(vnode: 2)
                }
            }
        }
        #expect(recorders.collect().totals.values.reduce(0) { $0 + $1.requests } == 60_000)
    }
}
