import Testing

@testable import Tree

@Suite struct SystemInformationTests {
    private var sample: SystemInformation {
        var sample = SystemInformation()
        sample.uptime = 0x0102
        sample.loads = [2048, 1024, 1]
        sample.totalRAM = 6 << 30
        sample.freeRAM = 1 << 30
        sample.sharedRAM = 4096
        sample.bufferRAM = 8192
        sample.totalSwap = 1 << 29
        sample.freeSwap = 1 << 28
        sample.processes = 0x1_0007
        return sample
    }

    private func words(_ bytes: [UInt8], _ width: Int, from start: Int = 0, count: Int) -> [UInt64] {
        (0..<count).map { index in
            (0..<width).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[start + width * index + $1]) }
        }
    }

    @Test func of64Bits() {
        let bytes = sample.bytes(isCompat: false)
        #expect(bytes.count == 112)
        #expect(words(bytes, 8, count: 10) == [0x0102, 65536, 32768, 32, 6 << 30, 1 << 30, 4096, 8192, 1 << 29, 1 << 28])
        #expect(bytes[80..<88].elementsEqual([7, 0, 0, 0, 0, 0, 0, 0]))
        #expect(words(bytes, 8, from: 88, count: 2) == [0, 0])
        #expect(words(bytes, 4, from: 104, count: 2) == [1, 0])
    }

    /// Scaled to pages because a total does not fit.
    @Test func of32Bits() {
        let bytes = sample.bytes(isCompat: true)
        #expect(bytes.count == 64)
        #expect(words(bytes, 4, count: 10) == [0x0102, 65536, 32768, 32, 6 << 18, 1 << 18, 1, 2, 1 << 17, 1 << 16])
        #expect(bytes[40..<44].elementsEqual([7, 0, 0, 0]))
        #expect(words(bytes, 4, from: 44, count: 5) == [0, 0, 4096, 0, 0])
    }

    @Test func bytesWhereTheyFit() {
        var small = sample
        small.totalRAM = 1 << 31
        let bytes = small.bytes(isCompat: true)
        #expect(words(bytes, 4, from: 16, count: 2) == [1 << 31, 1 << 30])
        #expect(words(bytes, 4, from: 52, count: 1) == [1])
    }

    @Test func numbersAreThoseOfTheFiles() {
        var snapshot = Snapshot()
        snapshot.clock.uptime = 12_000_000_001
        snapshot.load.one = 100
        snapshot.tasks.total = 3
        snapshot.tasks.running = 1
        var memory = Snapshot.CgroupMemory()
        memory.limit = 1 << 20
        memory.current = 1 << 19
        snapshot.memory = memory
        let shown = SystemInformation(snapshot)
        #expect(shown.uptime == 13)
        #expect(shown.loads == [100, 0, 0])
        #expect(shown.processes == 3)
        // Without a node's MemTotal there is none: the least of both.
        #expect(shown.totalRAM == 0)
    }
}
