import Testing

@testable import Sandbox

@Suite struct QuantityTests {
    @Test(arguments: [
        ("0", 0), ("65536", 65536), ("64M", 64 << 20), ("64m", 64 << 20), ("1G", 1 << 30), ("2GiB", 2 << 30), ("3k", 3072), ("1T", 1 << 40),
    ])
    func sizes(_ text: String, _ bytes: UInt64) { #expect(ByteSize(text)?.bytes == bytes) }

    @Test(arguments: ["", "12Q", "M", "-1", "1.5G", "99999999999999999999", "9999999T", " 1", "1 M", "1\u{212a}"])
    func noSizes(_ text: String) { #expect(ByteSize(text) == nil) }

    @Test(arguments: [("1.5", 150_000), ("1", 100_000), ("0.01", 1000), ("8192", 819_200_000)])
    func shares(_ text: String, _ quota: UInt64) { #expect(CPUShare(text)?.quota == quota) }

    @Test(arguments: ["", "0", "x", "-1", "nan", "inf", "1e3", "8193", "1.5.5"])
    func noShares(_ text: String) { #expect(CPUShare(text) == nil) }

    @Test(arguments: ["a", "web-1", "a.b", "0", String(repeating: "x", count: 63)])
    func names(_ text: String) { #expect(Name.isValid(text)) }

    @Test(arguments: ["", "-a", ".a", "..", "A", "a/b", "a b", "ä", String(repeating: "x", count: 64)])
    func noNames(_ text: String) { #expect(!Name.isValid(text)) }

    @Test func madeNamesAreNames() {
        #expect(Name.isValid(Name.random("vnode")))
        let parts = Name.uuid().split(separator: "-").map(\.count)
        #expect(parts == [8, 4, 4, 4, 12])
    }

    @Test func aContainersCgroupSaysTheLimitsThatAreNoTime() {
        let limits = Limits(memory: ByteSize("64M"), swap: ByteSize("0"), cpus: CPUShare("1.5"), cpuset: "0-1", pids: 20)
        let files = limits.filesOfContainers().map { "\($0.file) \($0.text)" }
        #expect(files == ["memory.max 67108864", "memory.swap.max 0", "pids.max 20"])
        #expect(Limits().filesOfContainers().isEmpty)
    }
}
