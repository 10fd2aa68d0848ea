import Testing
import Text
import Tree

@testable import Readings

@Suite struct CPUAccountingTests {
    private func usage(_ user: UInt64, _ system: UInt64 = 0, nice: UInt64 = 0, throttled: UInt64 = 0) -> CPUAccounting.Usage {
        CPUAccounting.Usage(
            FlatKeyed(Array("user_usec \(user)\nsystem_usec \(system)\nnice_usec \(nice)\nthrottled_usec \(throttled)\n".utf8)))
    }

    @Test func splitsEvenlyAndLosesNothing() {
        var accounting = CPUAccounting()
        let cpus = CPUSet([0, 1, 2])
        for step in 1...10 {
            // 10 a step over three CPUs: the remainders must come out in the end.
            accounting.update(usage(UInt64(step) * 10), uptime: UInt64(step) * 100, visible: cpus)
        }
        #expect(accounting.times(of: cpus).map(\.user) == [33, 33, 33])
        accounting.update(usage(102), uptime: 1100, visible: cpus)
        #expect(accounting.times(of: cpus).map(\.user) == [34, 34, 34])
        #expect(accounting.times(of: cpus).map(\.idle) == [1066, 1066, 1066])
    }

    @Test func niceIsNotCountedTwice() {
        var accounting = CPUAccounting()
        accounting.update(usage(500, 100, nice: 200), uptime: 1000, visible: CPUSet([0]))
        #expect(accounting.total.user == 300)
        #expect(accounting.total.nice == 200)
        #expect(accounting.total.system == 100)
        #expect(accounting.total.idle == 400)
    }

    @Test func throttledTimeIsStealAndNeverMoreThanThereWas() {
        var accounting = CPUAccounting()
        accounting.update(usage(0), uptime: 1000, visible: CPUSet([0, 1]))
        accounting.update(usage(200, throttled: 300), uptime: 1500, visible: CPUSet([0, 1]))
        #expect(accounting.total.steal == 300)
        #expect(accounting.total.idle == 2000 + 500)
        // Four runqueues of the node throttled for 500 each; the view had 2 x 500 and used 400 of it.
        accounting.update(usage(600, throttled: 2300), uptime: 2000, visible: CPUSet([0, 1]))
        #expect(accounting.total.steal == 300 + 600)
        #expect(accounting.total.idle == 2000 + 500)
    }

    @Test func anOlderCgroupStartsIdleAtZero() {
        var accounting = CPUAccounting()
        accounting.update(usage(1_000_000), uptime: 10, visible: CPUSet([0]))
        #expect(accounting.total.user == 1_000_000)
        #expect(accounting.total.idle == 0)
        accounting.update(usage(1_000_000), uptime: 110, visible: CPUSet([0]))
        #expect(accounting.total.idle == 100)
    }

    /// Visible CPUs, usage and clock in any order: nothing goes back, and what is counted is what was used.
    @Test func countersNeverGoBack() {
        var state: UInt64 = 42
        func random(_ below: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % below
        }
        var accounting = CPUAccounting()
        var last: [Int: Snapshot.CPUTime] = [:]
        var lastTotal = Snapshot.CPUTime()
        var user: UInt64 = 0
        var uptime: UInt64 = 0
        for _ in 0..<2000 {
            let cpus = CPUSet((0..<8).filter { _ in random(2) == 0 })
            let visible = cpus.isEmpty ? CPUSet([3]) : cpus
            uptime += random(1000)
            user += random(3000)
            accounting.update(usage(user, user / 3, throttled: user / 5), uptime: uptime, visible: visible)
            for time in accounting.times(of: visible) {
                let before = last[time.id] ?? Snapshot.CPUTime(id: time.id)
                #expect(time.user >= before.user && time.system >= before.system && time.idle >= before.idle && time.steal >= before.steal)
                last[time.id] = time
            }
            let total = accounting.total
            #expect(total.user >= lastTotal.user && total.idle >= lastTotal.idle && total.steal >= lastTotal.steal)
            lastTotal = total
        }
        // All but the remainder, which is less than the CPUs there are.
        #expect(lastTotal.user <= user && user - lastTotal.user < 8)
    }

    @Test func usageThatWentBackIsNoHarm() {
        var accounting = CPUAccounting()
        accounting.update(usage(500), uptime: 1000, visible: CPUSet([0]))
        accounting.update(usage(100), uptime: 900, visible: CPUSet([0]))
        #expect(accounting.total.user == 500)
        #expect(accounting.total.idle == 500)
        accounting.update(usage(.max, .max, throttled: .max), uptime: .max, visible: CPUSet(0..<100))
        accounting.update(usage(.max, .max, throttled: .max), uptime: .max, visible: CPUSet())
    }
}
