import Testing
import Text

@Suite struct ParserTests {
    @Test func digits() {
        #expect(Digits.parse(Array("0".utf8)[...]) == 0)
        #expect(Digits.parse(Array("18446744073709551615".utf8)[...]) == .max)
        #expect(Digits.parse(Array("18446744073709551616".utf8)[...]) == .max)
        #expect(Digits.parse(Array("99999999999999999999999999".utf8)[...]) == .max)
        for text in ["", "-1", "+1", "1 ", "0x1", "max", "１"] { #expect(Digits.parse(Array(text.utf8)[...]) == nil, "\(text)") }
        #expect(Digits.parse(file: Array("42\n".utf8)) == 42)
        #expect(Digits.parse(file: Array("max\n".utf8)) == nil)
        #expect(Digits.parseSigned(file: Array("-1\n".utf8)) == -1)
        #expect(Digits.parseSigned(file: Array("-99999999999999999999\n".utf8)) == -Int.max)
    }

    @Test func flatKeysAreMatchedWhole() {
        let stat = FlatKeyed(Array("file 1\nfile_mapped 2\nmapped 3\nanon 4".utf8))
        #expect(stat["file"] == 1)
        #expect(stat["file_mapped"] == 2)
        #expect(stat["mapped"] == 3)
        #expect(stat["anon"] == 4, "a last line without its newline counts")
        #expect(stat["fil"] == nil)
        #expect(stat["file_"] == nil)
        #expect(stat[""] == nil)
    }

    @Test func malformedFlatLinesAreSkipped() {
        let stat = FlatKeyed(Array("a\nb \nc x\nd 1x\ne  2\n 3\n\nf -1\ng 5 6\nh 99999999999999999999999\nok 7\nok 8\n".utf8))
        for key in ["a", "b", "c", "d", "e", "f", "g"] { #expect(stat[key] == nil, "\(key)") }
        #expect(stat["h"] == .max)
        #expect(stat["ok"] == 7)
        #expect(stat.count == 3)
    }

    @Test func meminfoLines() {
        let values = namedValues(
            Array("MemTotal:       24682416 kB\nActive(anon):   7 kB\nHugePages_Total:       3\nbad\n:5\nNone:\nX: y\n".utf8))
        #expect(values.map(\.name) == ["MemTotal", "Active(anon)", "HugePages_Total"])
        #expect(values.map(\.value) == [24_682_416, 7, 3])
    }

    @Test func ioStatLines() throws {
        let line = try #require(NestedLine(Array("254:16 rbytes=10 bytes=3 wbytes=x dios=99999999999999999999999".utf8)[...]))
        #expect(line.device?.major == 254)
        #expect(line.device?.minor == 16)
        #expect(line["rbytes"] == 10)
        #expect(line["bytes"] == 3)
        #expect(line["wbytes"] == nil)
        #expect(line["dios"] == .max)
        #expect(NestedLine([]) == nil)
        #expect(try #require(NestedLine(Array("nothing".utf8)[...])).device == nil)
    }

    @Test func cpuinfoBlocks() {
        let found = blocks(Array("processor\t: 0\nflags\t\t:\n\n\njunk\nprocessor\t: 1\npower management:\n".utf8))
        #expect(found.map { $0.map(\.name) } == [["processor", "flags"], ["processor", "power management"]])
        #expect(found[0][0].label.elementsEqual("processor\t:".utf8))
        #expect(found[0][0].value.elementsEqual(" 0".utf8))
        #expect(found[0][1].value.isEmpty)
    }

    @Test func linesAndWords() {
        #expect(Lines(Array("a\n\nb".utf8)).map { String(decoding: $0, as: UTF8.self) } == ["a", "", "b"])
        #expect(Lines(Array("a\n".utf8)).map { String(decoding: $0, as: UTF8.self) } == ["a"])
        #expect(Words(Array("  a\t b ".utf8)[...]).map { String(decoding: $0, as: UTF8.self) } == ["a", "b"])
        #expect(Words([]).map { $0 }.isEmpty)
        #expect(trimmed(Array(" \n\t".utf8)[...]).isEmpty)
    }

    @Test func saturation() {
        #expect(UInt64(3).minus(5) == 0)
        #expect(UInt64.max.plus(1) == .max)
        #expect(UInt64.max.times(2) == .max)
    }

    /// Whatever the bytes, nothing traps; the alphabet is what the parsers look for.
    @Test func garbageNeverTraps() {
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        func random(_ below: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(below))
        }
        let alphabet = Array("09 \t\n:=-,akB().".utf8) + [0, 0x80, 0xff]
        for _ in 0..<20_000 {
            let bytes = (0..<random(60)).map { _ in alphabet[random(alphabet.count)] }
            let flat = FlatKeyed(bytes)
            #expect(flat.count <= bytes.count)
            _ = flat["a"]
            _ = namedValues(bytes)
            _ = blocks(bytes)
            _ = Digits.parse(file: bytes)
            _ = Digits.parseSigned(file: bytes)
            for line in Lines(bytes) {
                let nested = NestedLine(line)
                _ = nested?.device
                _ = nested?["a"]
            }
        }
    }
}
