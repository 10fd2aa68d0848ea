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
        let hostname = try other.read("proc/sys/kernel/hostname", .uts, caller: 0, network: nil)
        #expect(try hostname == Files.read("/proc/sys/kernel/hostname"))
        #expect(throws: Errno.timedOut) { try slow.read("proc/sys/kernel/hostname", .uts, caller: 0, network: nil) }
        // Once the kernel is done the vNode goes on.
        do { _ = try Files.open(pipe, flags: O_WRONLY) }
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
        for one in all { _ = try one.read("proc/sys/kernel/hostname", .uts, caller: 0, network: nil) }
        var left = 600
        while try threads() > before + 10, left > 0 {
            usleep(100_000)
            left -= 1
        }
        #expect(try threads() <= before + 10)
        for one in all { _ = try one.read("proc/sys/kernel/hostname", .uts, caller: 0, network: nil) }
    }

    private func threads() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count }
}
