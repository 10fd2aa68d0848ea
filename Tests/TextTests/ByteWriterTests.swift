import Testing
import Text

@Suite struct ByteWriterTests {
    private func text(_ write: (inout ByteWriter) -> Void) -> String {
        var out = ByteWriter()
        write(&out)
        return String(decoding: out.bytes, as: UTF8.self)
    }

    @Test func numbersAsPrintf() {
        #expect(text { $0.write(0) } == "0")
        #expect(text { $0.write(-1) } == "-1")
        #expect(text { $0.write(Int64.min) } == "-9223372036854775808")
        #expect(text { $0.write(UInt64.max) } == "18446744073709551615")
        #expect(text { $0.write(42, width: 8) } == "      42")
        #expect(text { $0.write(123_456_789, width: 8) } == "123456789")
        #expect(text { $0.write(7, width: 2, pad: 0x30) } == "07")
    }
}
