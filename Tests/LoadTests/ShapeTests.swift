import LoadChecks
import Testing
import Tree

@Suite struct ShapeTests {
    private let machine = Expectation(
        cpus: CPUSet([0, 2]), meminfo: Array("MemTotal:        1000 kB\nMemFree:          900 kB\nHugePages_Total:       0\n".utf8),
        vmstat: Array("nr_free_pages 1\npgfault 5\n".utf8))

    private static let stat = """
        cpu  31 0 4 203 0 0 0 5 0 0
        cpu0 15 0 2 101 0 0 0 2 0 0
        cpu2 15 0 2 101 0 0 0 2 0 0
        intr 0
        ctxt 7
        btime 1700000000
        processes 12
        procs_running 1
        procs_blocked 0
        softirq 0 0 0 0 0 0 0 0 0 0 0

        """

    private func fault(_ text: String, _ kind: FileKind) -> String? {
        do throws(Malformed) {
            _ = try kind.check(Array(text.utf8), machine)
            return nil
        } catch {
            return error.what
        }
    }

    @Test func whatViewsShowIsAccepted() throws {
        for samples in try Samples.all() {
            #expect(samples.files.count > 30, "\(samples.fixture)")
            for (path, bytes) in samples.files {
                #expect(throws: Never.self, "\(samples.fixture) \(path)") {
                    _ = try FileKind(path: path).check(bytes, samples.expectation)
                }
            }
        }
    }

    /// However a file is cut, but for those of which each line stands alone or that may be empty.
    @Test func whatIsCutIsNotAccepted() throws {
        for samples in try Samples.all() {
            for (path, bytes) in samples.files where !bytes.isEmpty {
                let kind = FileKind(path: path)
                if kind == .fixed { continue }
                // All cuts of a small file; of a large one some, and those near its end.
                let sizes = Set(stride(from: 1, to: bytes.count, by: bytes.count / 300 + 1)).union(max(1, bytes.count - 10)..<bytes.count)
                for size in sizes {
                    let cut = Array(bytes[..<size])
                    // The number of their last lines is the kernel's.
                    if [.zoneinfo, .partitions].contains(kind), cut.last == 0x0a { continue }
                    let isList = [.diskstats, .swaps, .pressure, .interrupts, .cgroups, .locks].contains(kind)
                    let isWhole = isList && cut.last == 0x0a
                    let isAccepted = (try? kind.check(cut, samples.expectation)) != nil
                    #expect(isAccepted == isWhole, "\(samples.fixture) \(path), \(size) of \(bytes.count) bytes")
                }
            }
        }
    }

    /// The start of one moment and the end of another, of another length.
    @Test func whatIsJoinedFromTwoMomentsIsNotAccepted() {
        #expect(fault(ShapeTests.stat, .stat) == nil)
        let late = ShapeTests.stat.replacing("cpu2 15 0 2 101", with: "cpu2 45 0 2 171")
        #expect(fault(late, .stat)?.contains("together") == true)
        #expect(fault(ShapeTests.stat.replacing("btime 17", with: "btime\n17"), .stat) != nil)
        #expect(fault(ShapeTests.stat + "\n", .stat) != nil)
        #expect(fault(ShapeTests.stat.replacing("cpu2", with: "cpu1"), .stat) == "another CPU than 2")
        #expect(fault(ShapeTests.stat.replacing("procs_running 1", with: "procs_running 0"), .stat) != nil)
    }

    @Test func meminfoIsInItsColumns() {
        let good = "MemTotal:           1000 kB\nMemFree:             900 kB\nHugePages_Total:       0\n"
        #expect(fault(good, .meminfo) == nil)
        #expect(fault(good.replacing("   900", with: "  900"), .meminfo) == "a value out of its column")
        #expect(fault(good.replacing(" 900", with: "1900"), .meminfo)?.contains("free") == true)
        #expect(fault(good.replacing("MemFree", with: "MemFrei"), .meminfo) != nil)
        #expect(fault(good.replacing("900 kB", with: "900"), .meminfo) != nil)
    }

    @Test func shortFilesAreStrict() {
        #expect(fault("12.34 20.10\n", .uptime) == nil)
        for bad in ["", "12.34 20.10", "12.34 20.1\n", "12.3420.10\n", "012.34 20.10\n", "12.34 20.10\n\n", "12.34 20.10\0"] {
            #expect(fault(bad, .uptime) != nil, "\(bad)")
        }
        #expect(fault("0.20 0.18 0.12 1/80 11206\n", .loadavg) == nil)
        for bad in ["0.20 0.18 0.12 81/80 1\n", "0.20 0.18 0.12 0/80 1\n", "0.20 0.18 1/80 1\n", "0.20 0.18 0.12 1/80\n"] {
            #expect(fault(bad, .loadavg) != nil, "\(bad)")
        }
        #expect(fault("nr_free_pages 12\npgfault 99\n", .vmstat) == nil)
        #expect(fault("nr_free_pages 12\n", .vmstat) != nil)
        #expect(fault("nr_free_pages 12\npgfault 99\npgfault 99\n", .vmstat) != nil)
        #expect(fault("some avg10=0.00 avg60=1.88 avg300=100.00 total=5\n", .pressure) == nil)
        #expect(fault("some avg10=0.00 avg60=1.88 avg300=100.01 total=5\n", .pressure) != nil)
        #expect(fault("full avg10=0.00 avg60=1.88 avg300=1.00 total=5\n", .pressure) != nil)
        #expect(fault("6f1e7c9a-0b7e-4f0e-9a53-0d9d6f1f4a11\n", .uuid) == nil)
        #expect(fault("6f1e7c9a-0b7e-4f0e-9a53-0d9d6f1f4a1\n", .uuid) != nil)
        #expect(fault("6F1e7c9a-0b7e-4f0e-9a53-0d9d6f1f4a11\n", .uuid) != nil)
        #expect(
            fault("           CPU0       CPU2       \nLOC:          1          2   Local timer interrupts\nERR:          0\n", .interrupts)
                == nil)
        #expect(fault("           CPU0       CPU1       \nLOC:          1          2   Local timer interrupts\n", .interrupts) != nil)
        #expect(fault("           CPU0       CPU2       \nLOC:          1   Local timer interrupts\n", .interrupts) != nil)
        #expect(fault("version 15\ntimestamp 1\ncpu0 0 0 0 0 0 0 1 2 0\ncpu2 0 0 0 0 0 0 3 4 0\n", .schedstat) == nil)
        #expect(fault("version 15\ntimestamp 1\ncpu0 0 0 0 0 0 0 1 2 0\n", .schedstat) != nil)
        #expect(fault("1: FLOCK  ADVISORY  WRITE 7 fe:00:3 0 EOF\n1: -> FLOCK  ADVISORY  WRITE 8 fe:00:3 0 EOF\n", .locks) == nil)
        #expect(fault("2: FLOCK  ADVISORY  WRITE 7 fe:00:3 0 EOF\n", .locks) != nil)
        #expect(fault("1: OFDLCK ADVISORY  READ -1 fe:00:3 0 EOF\n", .locks) != nil)
        #expect(fault("#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t0\t1\t1\n", .cgroups) == nil)
        #expect(fault("#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t3\t1\t1\n", .cgroups) != nil)
        #expect(fault("0-1\n", .fixed) == nil)
        #expect(fault("0-1", .fixed) != nil)
    }

    @Test func countersAreThoseThatNeverGoBack() throws {
        #expect(try FileKind.uptime.check(Array("12.34 20.10\n".utf8), machine) == [1234, 2010])
        #expect(try FileKind.vmstat.check(Array("nr_free_pages 12\npgfault 99\n".utf8), machine) == [99])
        let schedstat = "version 15\ntimestamp 9\ncpu0 0 0 0 0 0 0 1 2 0\ncpu2 0 0 0 0 0 0 3 4 0\n"
        #expect(try FileKind.schedstat.check(Array(schedstat.utf8), machine).filter { $0 > 0 } == [9, 1, 2, 3, 4])
        #expect(try FileKind.stat.check(Array(ShapeTests.stat.utf8), machine).suffix(4) == [0, 7, 12, 0])
    }
}
