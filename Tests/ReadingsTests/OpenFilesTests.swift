import Glibc
import Linux
import SystemPackage
import Testing

@testable import Readings

/// On this machine's procfs: files of a kernel file system.
@Suite struct OpenFilesTests {
    private let proc: Directory

    init() throws { proc = try Directory("/proc") }

    @Test func noMoreAreOpenThanMayBe() throws {
        let bound = OpenFiles(most: 3)
        let files = ["uptime", "version", "loadavg", "meminfo", "stat"].map { KeptFile($0, bound: bound) }
        for _ in 0..<3 {
            for file in files {
                #expect(try !file.read(below: proc).isEmpty)
                #expect(file.isOpen)
                #expect(bound.count <= 3)
            }
        }
        #expect(bound.count == 3)
    }

    @Test func whoIsReadAllTheTimeStaysOpen() throws {
        let bound = OpenFiles(most: 4)
        let busy = KeptFile("uptime", bound: bound)
        let others = (0..<40).map { _ in KeptFile("version", bound: bound) }
        _ = try busy.read(below: proc)
        var stayed = 0
        for other in others {
            _ = try other.read(below: proc)
            if busy.isOpen { stayed += 1 }
            _ = try busy.read(below: proc)
        }
        #expect(stayed > 20, "spared as long as it is read between two looks")
    }

    @Test func whatIsGoneLeavesItsPlace() throws {
        let bound = OpenFiles(most: 2)
        for _ in 0..<10 {
            let file = KeptFile("version", bound: bound)
            _ = try file.read(below: proc)
            #expect(bound.count == 1)
        }
        #expect(bound.count == 0)
    }

    @Test func everyReadIsNew() throws {
        let file = KeptFile("uptime")
        let first = try file.read(below: proc)
        usleep(30_000)
        #expect(try file.read(below: proc) != first)
    }

    /// More than fits, in one record and in many.
    @Test func longFilesAreWhole() throws {
        #expect(try KeptFile("meminfo", room: 16).read(below: proc).last == 0x0a)
        let names = try KeptFile("filesystems", oneRecord: false, room: 16).read(below: proc)
        #expect(try names == Files.read("/proc/filesystems"))
        #expect(throws: Errno.fileTooLarge) { try KeptFile("meminfo", room: 16).read(below: proc, limit: 64) }
    }

    @Test func elsewhereAnOpenFileWouldOutliveItsName() throws {
        let tree = try TemporaryTree()
        try tree.write("one", "file")
        let directory = try Directory(tree.path)
        let file = KeptFile("file")
        #expect(try file.read(below: directory) == Array("one".utf8))
        #expect(!file.isOpen)
        try tree.remove("file")
        #expect(throws: Errno.noSuchFileOrDirectory) { try file.read(below: directory) }
    }

    @Test func theHighestProcessIsFoundFromTheEnd() throws {
        let own = Int(getpid())
        #expect(try highestProcess(in: proc.raw, from: 0) >= own)
        for _ in 0..<3 {
            let found = try highestProcess(in: proc.raw, from: own)
            #expect(found >= own && found <= 4 << 20)
        }
        #expect(try highestProcess(in: proc.raw, from: 4 << 20) < 4 << 20, "nobody there")
        #expect(try highestProcess(in: proc.raw, from: .max) <= 4 << 20)
    }

    @Test func namesOfADirectory() throws {
        let tree = try TemporaryTree()
        for number in 0..<600 { try tree.write("", "plain-\(number)") }
        for number in [3, 42, 7] { try tree.write("", "\(number)/x") }
        try tree.write("", "99x")
        let directory = try Directory(tree.path)
        #expect(try directory.directories().sorted() == ["3", "42", "7"])
        #expect(try directory.directories(limit: 1).count == 1)
        #expect(try highestProcess(in: directory.raw, from: 0) == 42)
        #expect(try directory.directory("3").directories().isEmpty)
    }
}

/// Cgroups of this machine, made for the test.
@Suite(.enabled(if: geteuid() == 0)) struct RemovedCgroupTests {
    private let node: NodeReadings

    init() throws { node = try NodeReadings() }

    private func make(_ name: String) throws -> String {
        let path = node.cgroupRoot + "/vnode-test-\(name)-\(getpid())"
        try #require(unsafe mkdir(path, 0o755) == 0)
        return path
    }

    @Test func anOpenFileOfARemovedCgroupIsENODEV() throws {
        let path = try make("open")
        defer { unsafe rmdir(path) }
        let directory = try Directory(path)
        #expect(try CgroupPath.read(.cpuStat, directory)?.isEmpty == false)
        #expect(try CgroupPath.read(.cpuPressure, directory) != nil)
        #expect(try CgroupPath.read(.threads, directory)?.isEmpty == true)
        let file = KeptFile("cpu.stat")
        _ = try file.read(below: directory)
        #expect(file.isOpen)
        #expect(unsafe rmdir(path) == 0)
        // The kernel's word on the open file, and then that of its name.
        #expect(throws: Errno.noSuchFileOrDirectory) { try file.read(below: directory) }
        #expect(!file.isOpen)
        for file in [CgroupFile.cpuStat, .threads, .memoryCurrent, .ioStat, .cpuPressure, .controllers] {
            #expect(throws: Errno.noDevice) { try CgroupPath.read(file, directory) }
        }
        // One of the same name is another one.
        try #require(unsafe mkdir(path, 0o755) == 0)
        #expect(throws: Errno.noDevice) { try CgroupPath.read(.cpuStat, directory) }
    }

    @Test func childrenAreSeenThroughTheCountOfLinks() throws {
        let path = try make("children")
        defer { unsafe rmdir(path) }
        let directory = try Directory(path)
        #expect(try directory.directories().isEmpty)
        try #require(unsafe mkdir(path + "/one", 0o755) == 0)
        #expect(try directory.directories() == ["one"])
        try #require(unsafe rmdir(path + "/one") == 0)
        #expect(try directory.directories().isEmpty)
    }

    /// At the top and below, whatever controllers this machine has for cgroup2.
    @Test func aMissingControllerIsNoFile() throws {
        let path = try make("controllers")
        defer { unsafe rmdir(path) }
        let directory = try Directory(path)
        for file in [CgroupFile.cpuMax, .cpusetEffective, .memoryCurrent, .memoryStat, .memorySwapMax, .ioStat] {
            let isThere = unsafe access(path + "/" + file.name, F_OK) == 0
            for _ in 0..<2 { #expect((try CgroupPath.read(file, directory) != nil) == isThere, "\(file.name)") }
        }
    }
}
