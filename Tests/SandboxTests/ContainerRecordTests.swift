import Glibc
import Linux
import Testing

@testable import Sandbox

@Suite final class ContainerRecordTests {
    let directory = "/tmp/vnode-records-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    let me = ProcessIdentity(pid: getpid()) ?? ProcessIdentity(pid: 0, startTime: 0)
    let dead = ProcessIdentity(pid: getpid(), startTime: 1)

    deinit { try? Directories.removeTree(directory) }

    func record(_ id: String, creator: ProcessIdentity?, process: ProcessIdentity? = nil) -> ContainerRecord {
        var record = ContainerRecord(id: id, vnode: "v", bootID: "b")
        record.creator = creator
        record.process = process
        return record
    }

    @Test func oneIsAbandonedWhenItsCreatorDiedBeforeItWasWhole() {
        #expect(record("a", creator: dead).isAbandoned)
        #expect(!record("a", creator: me).isAbandoned)
        // It ends with delete, however long its process is gone.
        #expect(!record("a", creator: dead, process: dead).isAbandoned)
        // Of a release that did not say who makes it.
        #expect(!record("a", creator: nil).isAbandoned)
    }

    @Test func abandonedOnesHoldNoVNode() throws {
        let records = try ContainerRecords(stateDirectory: directory)
        try records.write(record("a", creator: dead), "r,a")
        #expect(try records.all().map(\.name) == ["r,a"])
        #expect(try !ContainerRecords.hasMembers("v", bootID: "b", in: records.all()))
        try records.write(record("b", creator: me), "r,b")
        #expect(try ContainerRecords.hasMembers("v", bootID: "b", in: records.all()))
        #expect(try !ContainerRecords.hasMembers("v", bootID: "c", in: records.all()))
        #expect(try !ContainerRecords.hasMembers("w", bootID: "b", in: records.all()))
    }

    /// Nothing is taken away for a record that is there and cannot be read.
    @Test func anUnreadableRecordIsNoMissingOne() throws {
        let records = try ContainerRecords(stateDirectory: directory)
        try records.write(record("a", creator: me), "r,a")
        try Files.write("x", to: "\(directory)/containers/r,a")
        #expect(throws: Failure.self) { try records.all() }
        records.forget("r,a")
        #expect(try records.all().isEmpty)
    }

    @Test func whatDeadWritersLeftIsRemoved() throws {
        let records = try ContainerRecords(stateDirectory: directory)
        for name in [".\(getpid())", ".2147483647", ".x"] {
            _ = try Files.open("\(directory)/containers/\(name)", flags: O_WRONLY | O_CREAT, mode: 0o600)
        }
        #expect(try records.all().isEmpty)
        records.removeTorn()
        #expect(try Directories.list(directory + "/containers").map(\.name).sorted() == [".\(getpid())", ".x"])
    }
}
