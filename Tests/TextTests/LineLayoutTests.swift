import Testing
import Text

@Suite struct LineLayoutTests {
    @Test func theSameKeysInTheSameOrder() {
        let layout = LineLayout(["anon", "file", "file_mapped"], .flat)
        #expect(layout.values(of: Array("anon 1\nfile 22\nfile_mapped 333\n".utf8)) == [1, 22, 333])
        #expect(layout.values(of: Array("anon 1\nfile 22\nfile_mapped 99999999999999999999999".utf8)) == [1, 22, .max])
        for text in [
            "", "anon 1\n", "anon 1\nfile 2\n", "anon 1\nfile_mapped 3\nfile 2\n", "anon 1\nfile 2\nfile_mapped 3\nshmem 4\n",
            "anon 1\nfile  2\nfile_mapped 3\n", "anon 1\nfile 2 \nfile_mapped 3\n", "anon 1\nfile x\nfile_mapped 3\n",
            "anon 1\nfile 2\nfile_mappe", "anon 1\nfile 2\nfile_mapped ", "anon 1\n\nfile 2\nfile_mapped 3\n",
        ] { #expect(layout.values(of: Array(text.utf8)) == nil, "\(text)") }
        #expect(layout.position(of: "file") == 1)
        #expect(layout.position(of: "fil") == nil)
        #expect(LineLayout([], .flat).values(of: []) == [])
    }

    @Test func meminfoHasColonsPaddingAndUnits() {
        let layout = LineLayout(["MemTotal", "Active(anon)", "HugePages_Total"], .named)
        #expect(
            layout.values(of: Array("MemTotal:       24682416 kB\nActive(anon):   7 kB\nHugePages_Total:       3\n".utf8))
                == [24_682_416, 7, 3])
        #expect(layout.values(of: Array("MemTotal: 1kB\nActive(anon): 7 kB\nHugePages_Total: 3\n".utf8)) == nil)
        #expect(layout.values(of: Array("MemTotal: \nActive(anon): 7 kB\nHugePages_Total: 3\n".utf8)) == nil)
    }

    /// Whatever the file: what a layout makes of it is what the parser that looks at every line makes of it, or nothing.
    @Test func aLayoutNeverSaysSomethingElse() {
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        func random(_ below: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(below))
        }
        var answered = 0
        for round in 0..<20_000 {
            let isNamed = round.isMultiple(of: 2)
            let separator = isNamed ? ":" : " "
            var text = Array((0..<random(4)).map { "\(["a", "ab", "b(c)"][$0 % 3])\(separator)\(random(100))\n" }.joined().utf8)
            func parse(_ bytes: [UInt8]) -> (names: [String], values: [UInt64]) {
                if isNamed {
                    let all = namedValues(bytes)
                    return (all.map(\.name), all.map(\.value))
                }
                let all = FlatKeyed(bytes).all
                return (all.map(\.key), all.map(\.value))
            }
            let layout = LineLayout(parse(text).names, isNamed ? .named : .flat)
            for _ in 0..<random(3) where !text.isEmpty { text[random(text.count)] = Array("09 \t\n:a".utf8)[random(7)] }
            guard let values = layout.values(of: text) else { continue }
            answered += 1
            #expect(values == parse(text).values && layout.names == parse(text).names, "\(String(decoding: text, as: UTF8.self))")
        }
        #expect(answered > 5000)
    }
}
