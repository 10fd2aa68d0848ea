import Testing
import Tree

@testable import Readings

@Suite struct LoadAverageTests {
    private func seconds(_ count: UInt64) -> UInt64 { count * 1_000_000_000 }

    /// `calc_load(0, 1884, 1 task)`, worked out: (2048 x 164 + 2047) / 2048 = 164, then 164 x 1884 + 2048 x 164 + 2047 = 315, ...
    @Test func oneTaskAsTheKernel() {
        var average = LoadAverage(start: LoadStart(at: 0))
        var seen: [UInt64] = []
        for step in 1...4 {
            average.sample(tasks: 1, usage: 0, at: seconds(UInt64(step) * 5))
            seen.append(average.load.one)
        }
        #expect(seen == [164, 315, 454, 582])
        #expect(average.load.five == 134)
        #expect(average.load.fifteen == 44)
    }

    @Test func settlesOnTheNumberOfTasks() {
        var average = LoadAverage(start: LoadStart(at: 0))
        for step in 1...2000 { average.sample(tasks: 3, usage: 0, at: seconds(UInt64(step) * 5)) }
        #expect(average.load == load(3 * 2048, 3 * 2048, 3 * 2048))
        for step in 2001...6000 { average.sample(tasks: 0, usage: 0, at: seconds(UInt64(step) * 5)) }
        #expect(average.load == load(0, 0, 0))
    }

    private func load(_ one: UInt64, _ five: UInt64, _ fifteen: UInt64) -> Snapshot.Load {
        var load = Snapshot.Load()
        load.one = one
        load.five = five
        load.fifteen = fifteen
        return load
    }

    @Test func notBeforeAPeriodIsOver() {
        var average = LoadAverage(start: LoadStart(at: seconds(100)))
        average.sample(tasks: 5, usage: 0, at: seconds(104))
        #expect(average.load.one == 0)
        average.sample(tasks: 5, usage: 0, at: 0)
        #expect(average.load.one == 0)
        average.sample(tasks: 1, usage: 0, at: seconds(105))
        #expect(average.load.one == 164)
    }

    /// Ten minutes nobody looked while two CPUs were busy: about 2 over a minute, less over 15.
    @Test func missedPeriodsTakeTheCPUUse() {
        var average = LoadAverage(start: LoadStart(at: 0))
        average.sample(tasks: 2, usage: 1_200_000_000, at: seconds(600))
        #expect((4090...4100).contains(average.load.one))
        #expect((3500...3600).contains(average.load.five))
        #expect((1950...2050).contains(average.load.fifteen))
    }

    /// A cgroup that had used much before does not count for that.
    @Test func onlyWhatWasUsedSinceTheStartCounts() {
        var average = LoadAverage(start: LoadStart(at: seconds(1000), usage: 9_000_000_000))
        average.sample(tasks: 1, usage: 9_060_000_000, at: seconds(1060))
        #expect((1280...1310).contains(average.load.one), "a minute of one task: 1 - 1/e")
    }

    @Test func powersAsTheKernel() {
        // 1884^2 = 3549456, + 1024, >> 11 = 1733.
        #expect(LoadAverage.power(1884, 0) == 2048)
        #expect(LoadAverage.power(1884, 1) == 1884)
        #expect(LoadAverage.power(1884, 2) == 1733)
        #expect(LoadAverage.power(1884, .max) == 0)
        // 1733^2 + 1024 >> 11 = 1466, 1884 x 1466 = 2761944 is 1348.6 x 2048: rounded, not cut.
        #expect(LoadAverage.power(1884, 5) == 1349)
    }

    @Test func hugeNumbersDoNotTrap() {
        var average = LoadAverage(start: LoadStart(at: 0))
        average.sample(tasks: .max, usage: .max, at: .max)
        average.sample(tasks: -1, usage: 0, at: .max)
        average.sample(tasks: 1, usage: 0, at: 0)
    }

    @Test func interestFades() {
        var average = LoadAverage(start: LoadStart(at: 0))
        #expect(!average.isWanted(at: seconds(10)))
        average.markRead(at: seconds(10))
        #expect(average.isWanted(at: seconds(909)))
        #expect(!average.isWanted(at: seconds(910)))
    }
}
