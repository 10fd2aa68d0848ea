import CLinux
import Glibc
import SystemPackage
import Testing

@testable import Linux

@Suite struct ProcessTests {
    @Test func startTimeIsField22WhateverTheName() {
        let tail = "S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0"
        #expect(Processes.startTime(stat: "9 (sh) \(tail)") == 4711)
        #expect(Processes.startTime(stat: "9 (a) b (c) ) \(tail)") == 4711)
        #expect(Processes.startTime(stat: "9 (sh) Z" + tail.dropFirst()) == nil)
        #expect(Processes.startTime(stat: "") == nil)
        #expect(Processes.startTime(stat: "9 (sh) S 1") == nil)
        #expect(Processes.startTime(of: getpid()) != nil)
    }

    @Test func whoIsOnItsWayOutSaysSoInField9() {
        let tail = "S 1 1 1 0 -1 4194560 0 0 0"
        #expect(!Processes.isExiting(stat: "9 (a) b) \(tail)"))
        #expect(Processes.isExiting(stat: "9 (a) b) S 1 1 1 0 -1 4194564 0 0 0"))
        #expect(Processes.isExiting(stat: "9 (a) S 1"))
        #expect(Processes.isExiting(stat: ""))
        #expect(!Processes.isExiting(getpid()))
    }

    @Test func endings() {
        #expect(Processes.Ending(waitStatus: 42 << 8).status == 42)
        #expect(Processes.Ending(waitStatus: 9).status == 137)
        #expect(Processes.Ending(waitStatus: 0x80 | 11).status == 139)
    }

    @Test func errorsHaveNames() { #expect(Errno.notPermitted.name == "EPERM") }
}

@Suite struct DirectoryTests {
    let base = "/tmp/vnode-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"

    /// Cgroups below a delegated one are named by root of a vNode.
    @Test func directoriesAreRemovedWhateverTheirNames() throws {
        try Directories.make(base)
        for names in [[[0xff, 0xfe]], [[0xff, 0xfe], [0x80]], [[0x61]], [[0xff]]] as [[[UInt8]]] {
            let path = Array(base.utf8) + names.flatMap { [0x2f] + $0 } + [0]
            try #require(unsafe mkdir(path.map { CChar(bitPattern: $0) }, 0o755) == 0)
        }
        var seen: [[CChar]] = []
        try Directories.eachDirectory(in: Files.open(base, flags: O_RDONLY | O_DIRECTORY)) { (_: borrowing OwnedFD, name) throws(Errno) in
            seen.append(name)
            // One that goes meanwhile is none.
            throw .noSuchFileOrDirectory
        }
        #expect(Set(seen) == [[-1, -2, 0], [0x61, 0], [-1, 0]])
        try Directories.removeDirectories(base)
        #expect(Directories.kind(base) == nil)
        #expect(throws: Errno.noSuchFileOrDirectory) { try Directories.removeDirectories(base) }
    }

    @Test func onlyDirectoriesAreRemoved() throws {
        try Directories.make(base)
        try Directories.make(base + "/a")
        _ = try Files.open(base + "/a/file", flags: O_WRONLY | O_CREAT, mode: 0o600)
        #expect(throws: Errno.directoryNotEmpty) { try Directories.removeDirectories(base) }
        try Directories.removeTree(base)
    }

    @Test func treesAreMadeListedAndRemoved() throws {
        try Directories.makeAll(base + "/a/b")
        defer { try? Directories.removeTree(base) }
        _ = try Files.open(base + "/a/f", flags: O_WRONLY | O_CREAT, mode: 0o600)
        try Directories.link(base + "/a/l", to: "/etc")
        let kinds = Dictionary(uniqueKeysWithValues: try Directories.list(base + "/a").map { ($0.name, $0.kind) })
        #expect(kinds == ["b": .directory, "f": .file, "l": .symlink])
        #expect(try Directories.readLink(base + "/a/l") == "/etc")
        try Directories.removeTree(base)
        #expect(Directories.kind(base) == nil)
        #expect(Directories.kind("/etc/passwd") == .file)
        try Directories.removeTree(base)
    }

    @Test func insideARootSymlinksCannotLeadOut() throws {
        try Directories.makeAll(base)
        defer { try? Directories.removeTree(base) }
        try Directories.link(base + "/l", to: "/etc/passwd")
        let root = try Files.open(base, flags: O_RDONLY | O_DIRECTORY)
        #expect((try? Files.openInside("l", root: root).raw) == nil)
    }

    @Test func partsOfAPathAreBytesBetweenSlashes() throws {
        try Directories.makeAll(base + "/a")
        defer { try? Directories.removeTree(base) }
        try Directories.link(base + "/out", to: "/tmp")
        let root = try Files.open(base, flags: O_RDONLY | O_DIRECTORY)
        _ = try Directories.makeInside("/a/\u{301}/b", root: root, owner: getuid())
        #expect(Directories.kind(base + "/a/\u{301}/b") == .directory)
        // "out" with what follows it would be one name for mkdirat(2), which follows the symlink.
        let name = "\u{301}vnode-\(getpid())"
        #expect((try? Directories.makeInside("/out/\(name)", root: root, owner: getuid())) == nil)
        #expect(Directories.kind("/tmp/" + name) == nil)
    }

    @Test(.enabled(if: geteuid() == 0)) func whatIsMadeInsideIsTheOwnersAndTheMakerAsBefore() throws {
        try Directories.makeAll(base)
        defer { try? Directories.removeTree(base) }
        let root = try Files.open(base, flags: O_RDONLY | O_DIRECTORY)
        // Another's, which the maker's capabilities let it write to.
        try Directories.make(base + "/a", mode: 0o700)
        try Directories.setOwner(base + "/a", uid: 70_000, gid: 70_000)
        // As a child that dies with its maker, and changes its user later.
        let ends = try Processes.pipe()
        let reading = OwnedFD(taking: ends.reading)
        let child = try Processes.fork {
            let below = try? Processes.fork {
                guard (try? Processes.dieWithParent()) != nil else { return 1 }
                let isMade = (try? Directories.makeInside("/a/b/c", root: root, owner: 65_536)) != nil
                let mine = (try? Directories.make(base + "/a/mine")) != nil
                var said: [Int32] = [getpid(), isMade && mine ? 1 : 0]
                _ = unsafe said.withUnsafeMutableBytes { unsafe write(ends.writing, $0.baseAddress, $0.count) }
                while true { _ = pause() }
            }
            if below == nil { return 2 }
            usleep(100_000)
            return 0
        }
        let other = try Processes.fork {
            guard (try? Directories.makeInside("/a/d", root: root, owner: 65_536)) != nil else { return 2 }
            guard (try? Processes.become(uid: 1000, gid: 1000)) != nil else { return 3 }
            let status = String(decoding: (try? Files.read("/proc/self/status")) ?? [], as: UTF8.self)
            return status.contains("CapEff:\t0000000000000000") ? 0 : 4
        }
        _ = close(ends.writing)
        var said: [Int32] = [0, 0]
        let size = unsafe said.withUnsafeMutableBytes { unsafe read(reading.raw, $0.baseAddress, $0.count) }
        #expect(try size == 8 && said[1] == 1 && Processes.wait(child.pid).status == 0)
        #expect(try Processes.wait(other.pid).status == 0)
        // The pipe has no writer left when it is gone.
        #expect(try Poll.readable([reading.raw], milliseconds: 60_000) == [true])
        for (name, owner) in [("/a/b", 65_536 as UInt32), ("/a/b/c", 65_536), ("/a/d", 65_536), ("/a/mine", 0)] {
            var information = stat()
            #expect(unsafe stat(base + name, &information) == 0)
            #expect((information.st_uid, information.st_gid) == (owner, owner), "\(name)")
        }
        #expect(throws: Errno.notPermitted) {
            _ = try Directories.makeInside("/proc/\(getpid())/x", root: try Files.open("/", flags: O_RDONLY | O_DIRECTORY), owner: 65_536)
        }
    }

    /// Who may rename there puts a file, which may be a mount, in the place of what was just made.
    @Test(.enabled(if: geteuid() == 0)) func nobodyGetsAFileByPuttingItInThePlaceOfWhatIsMade() throws {
        try Directories.makeAll(base)
        defer { try? Directories.removeTree(base) }
        let (file, name) = (base + "/file", base + "/made")
        _ = try Files.open(file, flags: O_WRONLY | O_CREAT, mode: 0o600)
        let root = try Files.open(base, flags: O_RDONLY | O_DIRECTORY)
        let spinner = try Processes.fork {
            guard (try? Processes.dieWithParent()) != nil else { return 1 }
            while true { _ = unsafe clinux_exchange(file, name) }
        }
        defer {
            try? Processes.send(SIGKILL, to: spinner.pidfd)
            _ = try? Processes.wait(spinner.pid)
        }
        var given = 0
        for _ in 0..<20_000 {
            _ = try? Directories.makeInside("/made", root: root, owner: 65_536)
            for path in [file, name] {
                var information = stat()
                if unsafe lstat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG, information.st_uid != 0 { given += 1 }
            }
            if unsafe rmdir(name) != 0 { _ = unsafe rmdir(file) }
            if Directories.kind(file) == nil { _ = unsafe rename(name, file) }
        }
        #expect(given == 0)
    }

    @Test func aLockOfAByteExcludesThatByte() throws {
        try Directories.makeAll(base)
        defer { try? Directories.removeTree(base) }
        let one = try Files.open(base + "/bytes", flags: O_RDWR | O_CREAT, mode: 0o600)
        let two = try Files.open(base + "/bytes", flags: O_RDWR)
        #expect(try Locks.tryLock(one, byte: 7))
        #expect(try !Locks.tryLock(two, byte: 7))
        #expect(try Locks.tryLock(two, byte: 8))
        _ = consume one
        #expect(try Locks.tryLock(two, byte: 7))
    }

    @Test func aLockExcludes() throws {
        try Directories.makeAll(base)
        defer { try? Directories.removeTree(base) }
        let one = try Files.open(base + "/lock", flags: O_RDWR | O_CREAT, mode: 0o600)
        let two = try Files.open(base + "/lock", flags: O_RDWR)
        #expect(try Locks.tryLock(one, .shared))
        #expect(try Locks.tryLock(two, .shared))
        #expect(try Locks.tryLock(one, .exclusive) == false)
    }
}
