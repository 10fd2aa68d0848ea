import Testing

@testable import Sandbox

@Suite struct TerminalTextTests {
    @Test func ordersToATerminalAreReplaced() {
        #expect(TerminalText.clean("a\tb\nc") == "a\tb\nc")
        #expect(TerminalText.clean("\u{1b}[2J\u{7}\r\0\u{7f}x") == "\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}\u{fffd}x")
        // CSI and OSC as single characters, and what comes after them is text.
        #expect(TerminalText.clean("\u{9b}31m\u{9d}0;title\u{9c}") == "\u{fffd}31m\u{fffd}0;title\u{fffd}")
        #expect(TerminalText.clean("grüße 東京 \u{a0}é") == "grüße 東京 \u{a0}é")
    }

    @Test func bytesThatAreNoTextAreReplaced() {
        #expect(TerminalText.clean([0x61, 0x9b, 0x62]) == Array("a\u{fffd}b".utf8))
        #expect(TerminalText.clean([0xc2, 0x9b]) == Array("\u{fffd}".utf8))
        #expect(TerminalText.clean([]).isEmpty)
    }
}
