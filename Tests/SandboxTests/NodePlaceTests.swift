import Glibc
import Linux
import SystemPackage
import Testing

@testable import Sandbox

@Suite final class NodePlaceTests {
    let directory = "/tmp/vnode-place-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"

    deinit { try? Directories.removeTree(directory) }

    @Test func aNameIsLookedUpOnce() throws {
        try Directories.makeAll(directory + "/one/below")
        _ = try Files.open(directory + "/file", flags: O_WRONLY | O_CREAT, mode: 0o600)
        try Directories.link(directory + "/name", to: "one")
        let place = try NodePlace(directory + "/name")
        #expect(unsafe unlink(directory + "/name") == 0)
        try Directories.link(directory + "/name", to: "file")
        #expect(place.path == directory + "/one" && place.kind == S_IFDIR)
        let raw = place.descriptor.raw
        #expect(Directories.kind("below", below: raw) == .directory)
        let other = try NodePlace(directory + "/name")
        #expect(other.path == directory + "/file" && other.kind == S_IFREG)
    }

    @Test func whatIsNotThereOrNotADirectoryOnTheWayIsAnError() throws {
        try Directories.makeAll(directory)
        _ = try Files.open(directory + "/file", flags: O_WRONLY | O_CREAT, mode: 0o600)
        #expect(throws: Errno.noSuchFileOrDirectory) { _ = try NodePlace(directory + "/none") }
        #expect(throws: Errno.notDirectory) { _ = try NodePlace(directory + "/file/below") }
        #expect(throws: Errno.notDirectory) { _ = try NodePlace(directory + "/file/") }
    }

    @Test func devicesAreNotOpened() throws {
        let place = try NodePlace("/dev/null")
        #expect(place.kind == S_IFCHR)
    }
}
