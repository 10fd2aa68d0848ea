import Glibc
import Linux
import Synchronization
import Testing

@testable import Sandbox

@Suite final class FollowTests {
    let directory = "/tmp/vnode-logs-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"

    deinit { try? Directories.removeTree(directory) }

    private func log() throws -> ContainerLog {
        try Directories.make(directory)
        return try ContainerLog("main", below: ".", of: Files.open(directory, flags: O_RDONLY | O_DIRECTORY))
    }

    private func reader() throws -> LogReader {
        try LogReader(of: "main", in: Files.open(directory + "/logs", flags: O_RDONLY | O_DIRECTORY))
    }

    /// The file that is written to is turned again and again while somebody looks on without a pause.
    @Test func whoFollowsALogThatIsTurnedSeesItsEnd() throws {
        let log = try log()
        let reader = try reader()
        nonisolated(unsafe) let writer = log
        let isWritten = Synchronized(false)
        try Threads.start(stack: 512 << 10) {
            let line = [UInt8](repeating: 0x78, count: ContainerLog.longestLine - 100) + [0x0a]
            for _ in 0..<(10 * ContainerLog.mostBytes / line.count) { unsafe writer.take(line, .output) }
            isWritten.value.withLock { $0 = true }
        }
        var (looks, missing) = (0, 0)
        while !isWritten.value.withLock({ $0 }) {
            looks += 1
            _ = reader.next()
            if Directories.kind(directory + "/logs/main") == nil { missing += 1 }
        }
        #expect(looks > 10)
        #expect(missing == 0)
        #expect(!reader.hasEnded)
        log.finish(status: 0)
        _ = reader.next()
        #expect(reader.hasEnded)
        #expect(try Directories.list(directory + "/logs").map(\.name).sorted() == ["main", "main.1"])
    }

    @Test func whatIsSaidAtOnceHasOneTimeAndIsWrittenAtOnce() throws {
        let log = try log()
        log.take(Array("one\ntwo\n\nthr".utf8), .output)
        log.take(Array("ee\n".utf8), .output)
        let lines = try reader().next()
        #expect(lines.map(\.text) == ["one", "two", "", "three"].map { Array($0.utf8) })
        #expect(Set(lines.prefix(3).map(\.time)).count == 1)
    }

    /// 64 KiB of nothing but ends of lines are some megabytes of log.
    @Test func aBatchThatDoesNotFitTurnsTheFile() throws {
        let log = try log()
        for _ in 0..<4 { log.take([UInt8](repeating: 0x0a, count: 65536), .error) }
        log.finish(status: 3)
        for name in ["main", "main.1"] {
            let size = try Files.read("\(directory)/logs/\(name)", limit: 2 * ContainerLog.mostBytes).count
            #expect(size > 0 && size <= ContainerLog.mostBytes, "\(name) \(size)")
        }
        let reader = try reader()
        #expect(reader.next().allSatisfy { $0.text.isEmpty && $0.stream == .error })
        #expect(reader.hasEnded)
    }

    @Test func logsOfTheLastCommandsAreKept() {
        let logs = (1...20).flatMap { number in
            [(name: "exec-\(number)", written: Int64(number)), (name: "exec-\(number).1", written: Int64(number))]
        }
        let gone = ContainerLog.superseded(logs + [("main", 0), ("main.1", 0)], running: ["exec-1", "exec-20"], most: 16)
        #expect(Set(gone) == ["exec-2", "exec-3"])
        #expect(ContainerLog.superseded(logs, running: [], most: 20).isEmpty)
    }

    @Test func aVNodeThatIsGoneIsTheEndOfItsLogs() throws {
        let log = try log()
        let reader = try reader()
        log.take(Array("one\n".utf8), .output)
        #expect(reader.next().map(\.text) == [Array("one".utf8)])
        #expect(!reader.hasEnded)
        try Directories.removeTree(directory)
        _ = reader.next()
        #expect(reader.hasEnded)
    }

    private final class Synchronized: Sendable {
        let value: Mutex<Bool>
        init(_ value: Bool) { self.value = Mutex(value) }
    }
}
