import Testing

@testable import Audit

/// Numbers that move together, and those that only seem to.
@Suite struct MovementTests {
    private func sample(_ before: String, _ inside: String, _ after: String, _ time: Double) -> Sample {
        Sample(before: Array(before.utf8), inside: Array(inside.utf8), after: Array(after.utf8), time: time)
    }

    @Test func theSameCounterIsFound() throws {
        let found = try #require(
            Movement([
                sample("ctxt 912345\n", "ctxt 912350\n", "ctxt 912361\n", 0), sample("ctxt 915001\n", "ctxt 915007\n", "ctxt 915020\n", 1),
            ]))
        #expect(found.evidence == "ctxt 912350 -> 915007, as there")
        #expect(found.count == 1)
    }

    @Test func theSameCounterFromAnotherStartIsFound() throws {
        let found = try #require(
            Movement([
                sample("n 900000\n", "n 17\n", "n 900001\n", 0), sample("n 987654\n", "n 87671\n", "n 987655\n", 1),
                sample("n 991111\n", "n 91128\n", "n 991112\n", 2),
            ]))
        #expect(found.evidence.contains("+91111, by as much as there"))
    }

    /// A busy machine: the auditor waits before and after a reading, and what is read is a clock all the same.
    @Test func aClockThatIsReadLateIsNoEvidence() {
        let clock = [(100.0, 0.0), (151.3, 50.9), (203.7, 103.2)].map { time, inside in
            Sample(
                before: Array("\(Int(9e6 + time * 100))".utf8), inside: Array("\(Int((inside + 7) * 100))".utf8),
                after: Array("\(Int(9e6 + time * 100 + 160))".utf8), time: time, end: time + 1.6)
        }
        #expect(Movement(clock) == nil)
    }

    @Test func smallNumbersMeetByChance() {
        #expect(
            Movement([sample("running 1\n", "running 1\n", "running 1\n", 0), sample("running 2\n", "running 2\n", "running 2\n", 1)])
                == nil)
    }

    @Test func numbersFarApartAreNoEvidence() {
        #expect(Movement([sample("n 100\n", "n 50000\n", "n 90000\n", 0), sample("n 200\n", "n 60000\n", "n 99000\n", 1)]) == nil)
        #expect(
            Movement([sample("n 5000000\n", "n 77777\n", "n 5000001\n", 0), sample("n 5050000\n", "n 77900\n", "n 5050003\n", 1)]) == nil)
    }

    /// Time passes for everybody.
    @Test func clocksAreNoEvidence() {
        #expect(
            Movement([
                sample("86400.00 100\n", "12.00 5\n", "86400.00 100\n", 0), sample("86410.00 100\n", "22.00 5\n", "86410.00 100\n", 10),
                sample("86421.00 100\n", "33.00 5\n", "86421.00 100\n", 21),
            ]) == nil)
        // The node's own clock is.
        #expect(
            Movement([
                sample("86400.00 100\n", "86400.00 100\n", "86400.00 100\n", 0),
                sample("86410.00 100\n", "86410.00 100\n", "86410.00 100\n", 10),
            ]) != nil)
    }

    @Test func whatStandsStillIsNoMovement() {
        #expect(
            Movement([sample("n 912345\n", "n 912345\n", "n 912345\n", 0), sample("n 912345\n", "n 912345\n", "n 912345\n", 1)]) == nil)
        #expect(Movement([]) == nil)
        #expect(Movement([sample("", "", "", 0)]) == nil)
    }

    @Test func linesAreFoundByTheirWords() throws {
        // The container shows fewer lines, in another order.
        let found = try #require(
            Movement([
                sample("a: 1\nb: 2\nc: 700000\n", "c: 700000\na: 9\n", "a: 1\nb: 2\nc: 700000\n", 0),
                sample("a: 1\nb: 2\nc: 712345\n", "c: 712345\na: 9\n", "a: 1\nb: 2\nc: 712345\n", 1),
            ]))
        #expect(found.evidence == "c 700000 -> 712345, as there")
    }

    @Test(arguments: ["9223372036854775807", "99999999999999999999", "0xffffffffffffffff", "1.2.3", "..", ""])
    func noNumberTraps(_ text: String) {
        let content = "x \(text)\n"
        _ = Movement([sample(content, "x 0\n", content, 0), sample("x 0\n", content, "x 0\n", 1), sample(content, content, "y\n", 2)])
    }

    @Test func numbersHaveTheirBase() {
        func numbers(_ text: String) -> [Int64] { Numbers.parse(Array(text.utf8)[...]).numbers }
        #expect(numbers("cpu0 12 3.45 0x1f 0000001a 12345678 eth0 -7") == [12, 345, 31, 26, 12_345_678, 7])
    }
}
