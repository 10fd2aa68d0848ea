import Testing
import Tree

@Suite struct CPUSetTests {
    @Test func lists() {
        #expect(CPUSet(list: "0-3,8\n")?.ids == [0, 1, 2, 3, 8])
        #expect(CPUSet(list: "8,0-3,2")?.ids == [0, 1, 2, 3, 8])
        #expect(CPUSet(list: "\n")?.ids == [])
        #expect(CPUSet(list: "")?.ids == [])
        #expect(CPUSet(list: "8191")?.ids == [8191])
        for text in ["x", "1-", "-1", "3-1", "1,", ",", "1--2", "1-2-3", "8192", "99999999999999999999", "0-99999", "1 2", "+1"] {
            #expect(CPUSet(list: text) == nil, "\(text)")
        }
        #expect(CPUSet([5, 1, 2, 1, -1, 8192]).list == "1-2,5")
        #expect(CPUSet([0, 1, 2, 3, 8, 10, 11]).list == "0-3,8,10-11")
        #expect(CPUSet().list == "")
    }

    @Test func filesAreListsToo() {
        let texts = [
            "0-3,8\n", "8,0-3,2", "\n", "", " \t0\r\n", "8191", "0-8191", "x", "1-", "-1", "3-1", "1,", ",", "1,,2", "1--2", "1-2-3",
            "8192",
            "99999999999999999999", "0-99999", "1 2", "+1", "0-1,", "007",
        ]
        for text in texts { #expect(CPUSet(file: Array(text.utf8)) == CPUSet(list: text), "\(text)") }
    }

    /// Ids named again and again would take minutes if each time cost something for every id.
    @Test(.timeLimit(.minutes(1))) func rangesMayOverlap() {
        #expect(CPUSet(list: "4-4,0-3,2-5,5,9,0")?.ids == [0, 1, 2, 3, 4, 5, 9])
        #expect(CPUSet(list: Array(repeating: "0-8191", count: 20_000).joined(separator: ","))?.count == 8192)
    }

    /// As `%*pb` for the kernel's nr_cpu_ids: the first group has only the digits its bits need.
    @Test func masks() {
        #expect(CPUSet([0]).mask(width: 2) == "1")
        #expect(CPUSet([0, 1]).mask(width: 2) == "3")
        #expect(CPUSet([4]).mask(width: 5) == "10")
        #expect(CPUSet([0]).mask(width: 5) == "01")
        #expect(CPUSet([0, 16]).mask(width: 32) == "00010001")
        #expect(CPUSet([32]).mask(width: 33) == "1,00000000")
        #expect(CPUSet([0, 63]).mask(width: 64) == "80000000,00000001")
        #expect(CPUSet([0]).mask(width: 128) == "00000000,00000000,00000000,00000001")
        #expect(CPUSet([70]).mask(width: 4) == "0")
    }

    @Test func setOperations() {
        let set = CPUSet(0..<8)
        #expect(set.intersection(CPUSet([1, 3, 9])).ids == [1, 3])
        #expect(set.prefix(2).ids == [0, 1])
        #expect(set.prefix(-1).isEmpty)
        #expect(set.contains(7))
        #expect(!set.contains(8))
        #expect(!set.contains(-1))
    }
}
