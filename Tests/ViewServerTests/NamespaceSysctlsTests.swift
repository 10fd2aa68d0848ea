import Foundation
import Glibc
import Linux
import SystemPackage
import Testing
import Tree

@testable import ViewServer

/// In the test's own namespaces, which root may enter.
@Suite(.enabled(if: geteuid() == 0)) struct NamespaceSysctlsTests {
    private func sysctls() throws -> NamespaceSysctls {
        let descriptors = VNode.Descriptors(
            staging: try Files.open("/", flags: O_RDONLY), pidfd: try Processes.openPidfd(getpid()),
            procfs: try Files.open("/", flags: O_RDONLY))
        return NamespaceSysctls(descriptors, initPID: getpid(), owner: 0)
    }

    /// A pipe nobody writes to stands for a sysctl that takes the kernel long: to write to shm_rmid_forced frees what may be gigabytes.
    @Test func oneVNodeDoesNotWaitForAnother() throws {
        let pipe = "/tmp/vnode-\(getpid())-pipe"
        #expect(unsafe mkfifo(pipe, 0o600) == 0)
        defer { unsafe unlink(pipe) }
        let (slow, other) = (try sysctls(), try sysctls())
        #expect(throws: Errno.timedOut) { try slow.read(String(pipe.dropFirst()), .uts, caller: 0, network: nil) }
        let hostname = try patiently { try other.read("proc/sys/kernel/hostname", .uts, caller: 0, network: nil) }
        #expect(try hostname == Files.read("/proc/sys/kernel/hostname"))
        // Once the kernel is done the vNode goes on.
        let end = ContinuousClock.now + .seconds(60)
        while true {
            do throws(Errno) {
                _ = try Files.open(pipe, flags: O_WRONLY | O_NONBLOCK)
                break
            } catch {
                // Nobody has it open: on a busy machine its wait may have ended before it was begun.
                guard error == .noSuchAddressOrDevice, ContinuousClock.now < end else { throw error }
                #expect(throws: Errno.timedOut) { try slow.read(String(pipe.dropFirst()), .uts, caller: 0, network: nil) }
                usleep(20_000)
            }
        }
        var answer: [UInt8]?
        var left = 3000
        while answer == nil, left > 0 {
            answer = try? slow.read("proc/sys/kernel/hostname", .uts, caller: 0, network: nil)
            usleep(20_000)
            left -= 1
        }
        #expect(answer == hostname)
    }

    @Test func noThreadIsLeftOfOneThatHasNothingToDo() throws {
        let all = try (0..<50).map { _ in try sysctls() }
        let before = try threads()
        for one in all { try patiently { _ = try one.read("proc/sys/kernel/hostname", .uts, caller: 0, network: nil) } }
        // Other tests have threads too.
        var left = 600
        while try threads() > before + 40, left > 0 {
            usleep(100_000)
            left -= 1
        }
        #expect(try threads() <= before + 40)
        for one in all { try patiently { _ = try one.read("proc/sys/kernel/hostname", .uts, caller: 0, network: nil) } }
    }

    /// Again where a busy machine has used up the two seconds that a caller waits.
    private func patiently<Value>(_ body: () throws -> Value) throws -> Value {
        for _ in 0..<30 {
            do { return try body() } catch let error as Errno where error == .timedOut { usleep(20_000) }
        }
        return try body()
    }

    private func threads() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count }
}
