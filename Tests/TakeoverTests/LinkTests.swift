import Testing

@testable import Takeover

@Suite struct LinkTests {
    @Test func everyMessageComesBack() {
        var history = History()
        history.generation = 4
        history.signal = 9
        history.upgradedFor = 1 << 63
        let messages: [LinkMessage] = [
            .hello(version: 1, release: "0.1.0"), .hold([1, 2], connections: [3, 0]), .hold([], connections: []), .release([7, 8, 9]),
            .ready,
            .upgrade(client: 5), .finished, .start(history), .held([1 << 63 | 4]), .go, .refused(client: 5, reason: "no"),
        ]
        for message in messages { #expect(LinkMessage(message.bytes) == message) }
    }

    @Test func whatIsNoMessageIsNone() {
        for message in [[], [1], [UInt8](repeating: 0, count: 8), [UInt8](repeating: 0xff, count: 64)] as [[UInt8]] {
            #expect(LinkMessage(message) == nil)
        }
        var cut = LinkMessage.hold([1, 2], connections: [3, 4]).bytes
        cut.removeLast(8)
        #expect(LinkMessage(cut) == nil)
        var text = LinkMessage.refused(client: 1, reason: "because").bytes
        text.removeLast()
        #expect(LinkMessage(text) == nil)
    }

    @Test func packedTextsAndNumbersComeBack() {
        var out = Packer()
        out.add("a b")
        out.add(Int64(-5))
        out.add(nil as String?)
        out.add("x" as String?)
        out.add([1, 2] as [UInt64])
        var from = Unpacker(out.bytes)
        #expect(from.text() == "a b")
        #expect(from.signed() == -5)
        #expect(from.optionalText() == .some(nil))
        #expect(from.optionalText() == .some("x"))
        #expect(from.numbers() == [1, 2])
        #expect(from.number() == nil)
    }
}
