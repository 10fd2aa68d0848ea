import Testing
import Text

@testable import Tree

@Suite struct LocksTests {
    private func shown(_ text: String) -> String {
        var snapshot = Snapshot()
        snapshot.locks = Array(text.utf8)
        var out = ByteWriter()
        Locks.render(snapshot, 0, &out)
        return String(decoding: out.bytes, as: UTF8.self)
    }

    @Test func numbersAreGivenAnew() {
        #expect(
            shown("7: POSIX  ADVISORY  READ 5 fe:00:1 0 9\n907: FLOCK  ADVISORY  WRITE 6 fe:00:2 0 EOF\n")
                == "1: POSIX  ADVISORY  READ 5 fe:00:1 0 9\n2: FLOCK  ADVISORY  WRITE 6 fe:00:2 0 EOF\n")
    }

    /// pid -1 is a lock of an open file wherever it is, 0 one of another PID namespace.
    @Test(arguments: ["-1", "0", "-5", "x", ""]) func locksOfOthersAreLeftOut(_ pid: String) {
        #expect(shown("1: OFDLCK ADVISORY  READ \(pid) fe:00:1 0 9\n") == "")
        #expect(shown("1: OFDLCK ADVISORY  READ \(pid) fe:00:1 0 9\n1: -> POSIX  ADVISORY  READ 7 fe:00:1 0 9\n") == "")
        let held = "1: FLOCK  ADVISORY  WRITE 6 fe:00:2 0 EOF\n"
        #expect(shown(held + "1: -> FLOCK  ADVISORY  WRITE \(pid) fe:00:2 0 EOF\n") == held)
    }

    @Test(arguments: [
        "\n", "1:\n", ": \n", "1: 5 a\n", "1\n", "x: POSIX  ADVISORY  READ 5 fe:00:1 0 9\n", "1: -> POSIX ADVISORY READ 5 a 0 9\n",
    ])
    func otherLinesAreLeftOut(_ line: String) { #expect(shown(line) == "") }
}
