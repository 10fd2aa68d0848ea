import Testing

@testable import Tree

/// What is written to a sysctl, as `kernel/sysctl.c` takes it. The suite "sysctls" of vnode-conformance compares with the kernel itself.
@Suite struct SysctlFormTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let input: String
        let content: String?
        let taken: Int?

        var testDescription: String { "\"\(input.prefix(30))\"" }

        /// Taken whole, or nothing of it (EINVAL).
        init(_ input: String, _ content: String?) { self.init(input, content, taken: content == nil ? nil : input.utf8.count) }

        init(_ input: String, _ content: String?, taken: Int?) {
            self.input = input
            self.content = content
            self.taken = taken
        }

        static func invalid(_ input: String) -> Case { Case(input, nil) }
    }

    private func check(_ form: SysctlForm, over content: String, _ test: Case) {
        let written = form.write(Array(test.input.utf8), at: 0, over: Array(content.utf8))
        #expect(written.content.map { String(decoding: $0, as: UTF8.self) } == test.content)
        #expect(written.refusal == (test.taken == nil ? .invalid : nil))
        #expect(written.taken == (test.taken ?? 0))
    }

    static let ints = [
        Case("1", "1\n"), Case("1\n", "1\n"), Case(" 1", "1\n"), Case("\t\n 1 \n\t ", "1\n"), Case("\u{b}1", "1\n"), Case("007", "7\n"),
        Case("0", "0\n"), Case("-0", "0\n"), Case("-1", "-1\n"), Case("0x10", "16\n"), Case("0X1f", "31\n"), Case("010", "8\n"),
        Case("-0x10", "-16\n"), Case("2147483647", "2147483647\n"), Case("-2147483648", "-2147483648\n"),
        // What follows is not read: a short count, as for every number too many.
        Case("1 2 3", "1\n", taken: 2), Case("1\t2", "1\n", taken: 2), Case("1\n2\n", "1\n", taken: 2), Case("1  x", "1\n", taken: 3),
        .invalid("+1"), .invalid("\n"), .invalid(" \t "), .invalid("x"), .invalid("1x"), .invalid("0x"), .invalid("0xg"), .invalid("08"),
        .invalid("1,2"), .invalid("-"), .invalid("--1"), .invalid("- 1"), .invalid("1-"), .invalid("1\u{b}"), .invalid("1\r\n"),
        .invalid("\0"), .invalid("1\0"), .invalid("1\0\n"), .invalid("2147483648"), .invalid("-2147483649"), .invalid("4294967297"),
        .invalid("18446744073709551616"), .invalid("99999999999999999999999"), .invalid("0000000000000000000001"),
        Case("00000000000000000001", "1\n"), .invalid(String(repeating: "1", count: 4096)),
        .invalid(String(repeating: " ", count: 4096)), .invalid(String(repeating: " ", count: 4095) + "1"),
        Case(String(repeating: " ", count: 4094) + "1", "1\n"),
        Case(String(repeating: " ", count: 4094) + "12", "1\n"), Case("1" + String(repeating: " ", count: 4095), "1\n"),
    ]

    @Test(arguments: ints) func anInt(_ test: Case) { check(.int, over: "5\n", test) }

    static let bounded = [
        Case("0", "0\n"), Case("2", "2\n"), Case("0x2", "2\n"), .invalid("3"), .invalid("-1"), Case("1 9", "1\n", taken: 2),
        .invalid("9 1"),
    ]

    @Test(arguments: bounded) func anIntWithBounds(_ test: Case) { check(.int(0...2), over: "1\n", test) }

    static let unsigned = [
        Case("1", "1\n"), Case("4294967295", "4294967295\n"), .invalid("4294967296"), .invalid("-1"), .invalid("-0"), .invalid(" "),
        // Nothing behind it is looked at.
        Case("1 2 3", "1\n"), Case("1 x", "1\n"), .invalid("1x"),
    ]

    @Test(arguments: unsigned) func anUnsigned(_ test: Case) { check(.unsigned(0...UInt64(UInt32.max)), over: "5\n", test) }

    static let longs = [
        Case("18446744073709551615", "18446744073709551615\n"), .invalid("18446744073709551616"), .invalid("-1"),
        Case("0xffffffffffffffff", "18446744073709551615\n"), Case("01777777777777777777777", nil, taken: nil),
        Case("1 2", "1\n", taken: 2),
    ]

    @Test(arguments: longs) func aLong(_ test: Case) { check(.long, over: "5\n", test) }

    static let vectors = [
        Case("1 2 3 4", "1\t2\t3\t4\n"), Case("1\t2\n3 4\n", "1\t2\t3\t4\n"), Case("9", "9\t4\t1\t7\n"), Case("9 8", "9\t8\t1\t7\n"),
        Case("1 2 3 4 5", "1\t2\t3\t4\n", taken: 8), Case("1 2 3 4 x", "1\t2\t3\t4\n", taken: 8), .invalid("x 1"),
    ]

    @Test(arguments: vectors) func aVector(_ test: Case) {
        check(.ints(count: 4, -2_147_483_648...2_147_483_647), over: "4\t4\t1\t7\n", test)
    }

    @Test func aVectorKeepsWhatComesBeforeAMistake() {
        let written = SysctlForm.ints(count: 4, 0...10).write(Array("8 9 x".utf8), at: 0, over: Array("4\t4\t1\t7\n".utf8))
        #expect(written.refusal == .invalid)
        #expect(written.content == Array("8\t9\t1\t7\n".utf8))
        let outside = SysctlForm.ints(count: 4, 0...10).write(Array("8 11 1".utf8), at: 0, over: Array("4\t4\t1\t7\n".utf8))
        #expect(outside.refusal == .invalid && outside.content == Array("8\t4\t1\t7\n".utf8))
    }

    @Test func numbersAreTakenAtTheStartOnly() {
        for form in [SysctlForm.int, .long, .unsigned(0...9), .latch(0...3, at: 3, refusal: .invalid)] {
            #expect(form.write(Array("7\n".utf8), at: 1, over: [0x35, 0x0a]) == SysctlWrite(nil, taken: 2))
            #expect(form.write(Array("x\n".utf8), at: 4096, over: [0x35, 0x0a]) == SysctlWrite(nil, taken: 2))
        }
    }

    @Test func nothingWrittenChangesNothing() {
        for form in [SysctlForm.int, .long, .text(room: 10), .ignored] {
            #expect(form.write([], at: 0, over: []) == SysctlWrite(nil, taken: 0))
        }
    }

    /// A write(2) without end comes in pieces; the kernel has no memory for one of 4 MiB.
    @Test func endlessWritesEnd() {
        let piece = [UInt8](repeating: 0x20, count: 4096)
        #expect(SysctlForm.int.write(piece, at: 4096, over: [0x35, 0x0a]) == SysctlWrite(nil, taken: 4096))
        #expect(SysctlForm.int.write(piece, at: 4 << 20, over: [0x35, 0x0a]).refusal == .tooLong)
        #expect(SysctlForm.text(room: 4).write(piece, at: Int.max, over: [0x0a]).refusal == .tooLong)
    }

    @Test func textsGoOnWhereTheyAreWritten() {
        func written(_ input: String, _ offset: Int, _ content: String) -> String? {
            let write = SysctlForm.text(room: 8).write(Array(input.utf8), at: offset, over: Array(content.utf8))
            #expect(write.taken == input.utf8.count && write.refusal == nil)
            return write.content.map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(written("abc\n", 0, "old\n") == "abc\n")
        #expect(written("abc", 0, "old\n") == "abc\n")
        #expect(written("def\n", 3, "abc\n") == "abcdef\n")
        #expect(written("d\n", 1, "abc\n") == "ad\n")
        #expect(written("x", 4, "abc\n") == nil)
        #expect(written("123456789", 0, "abc\n") == "1234567\n")
        #expect(written("ab\0cd", 0, "abc\n") == "ab\n")
        #expect(written("\n", 0, "abc\n") == "\n")
    }

    @Test func wordsNeedTheirNewline() {
        let form = SysctlForm.words(["on", "off"], room: 10)
        #expect(form.write(Array("on\n".utf8), at: 0, over: Array("off\n".utf8)).content == Array("on\n".utf8))
        for bad in ["on", "o\n", "one\n", "on\n\n", "x\n"] {
            #expect(
                form.write(Array(bad.utf8), at: 0, over: Array("off\n".utf8)) == SysctlWrite(nil, taken: 0, refusal: .invalid), "\(bad)")
        }
    }

    @Test func aLatchStays() {
        let form = SysctlForm.latch(0...3, at: 3, refusal: .notPermitted)
        #expect(form.write(Array("3".utf8), at: 0, over: Array("1\n".utf8)).content == Array("3\n".utf8))
        #expect(form.write(Array("1".utf8), at: 0, over: Array("3\n".utf8)).refusal == .notPermitted)
        #expect(form.write(Array("3".utf8), at: 0, over: Array("3\n".utf8)).refusal == nil)
    }

    @Test func pipesAreRounded() {
        func size(_ text: String) -> [UInt8]? { SysctlForm.pipeSize.write(Array(text.utf8), at: 0, over: []).content }
        #expect(size("1") == Array("4096\n".utf8))
        #expect(size("4097") == Array("8192\n".utf8))
        #expect(size("2147483648") == Array("2147483648\n".utf8))
        #expect(size("2147483649") == nil && size("-1") == nil)
    }

    /// Whatever comes in, what is kept can be read again as what it is, and is bounded.
    @Test func whatIsKeptIsWellFormed() {
        let forms: [SysctlForm] = [
            .int, .long, .unsigned(0...10), .ints(count: 4, -5...5), .text(room: 16), .pipeSize, .fraction(atLeast: 8),
            .latch(0...3, at: 3, refusal: .invalid),
        ]
        var state: UInt64 = 88172645463325252
        let alphabet = Array("0123456789-+xXaf \t\n\0,.\u{b}".utf8)
        for form in forms {
            var content = Array("1\n".utf8)
            for _ in 0..<2000 {
                var input: [UInt8] = []
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                for _ in 0..<Int(state >> 60) {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    input.append(alphabet[Int(state >> 33) % alphabet.count])
                }
                let written = form.write(input, at: 0, over: content)
                #expect((0...input.count).contains(written.taken))
                #expect(written.refusal == nil || written.taken == 0)
                if let new = written.content {
                    #expect(new.last == 0x0a && new.count <= 128)
                    // The kernel reads back what it prints.
                    if case .text = form {} else { #expect(form.write(new, at: 0, over: new).content == new) }
                    content = new
                }
            }
        }
    }
}
