import SystemPackage
import Testing

@testable import Audit

/// What a reader among hostile processes may send.
@Suite struct WireTests {
    @Test func whatIsSentArrives() {
        for request in [Wire.Request.list("/proc"), .read("/sys/ä"), .open("")] { #expect(Wire.request(Wire.encode(request)) == request) }
        for content in [Content.bytes([]), .bytes([1, 2]), .cut([3]), .failed(.permissionDenied)] {
            #expect(Wire.content(Wire.encode(content)) == content)
        }
        let entries = [
            Entry(name: "meminfo", kind: .file, answerer: .fuse, mode: 0o444, isWritable: true),
            Entry(name: "self", kind: .symlink, answerer: .proc, mode: 0o777, target: "12"),
        ]
        for listing in [Listing.entries(entries, isCut: false), .entries([], isCut: true), .failed(.noSuchFileOrDirectory)] {
            #expect(Wire.listing(Wire.encode(listing)) == listing)
        }
    }

    @Test func whatIsNoAnswerIsNone() {
        let whole = Wire.encode(Listing.entries([Entry(name: "meminfo", kind: .file, target: "x")], isCut: false))
        for length in 0..<whole.count { #expect(Wire.listing(Array(whole.prefix(length))) == nil) }
        for bytes: [UInt8] in [[], [9], [2], [2, 0, 0], [0, 255, 255, 255, 255], [0, 1, 0, 0, 0, 9, 9, 9]] {
            #expect(Wire.listing(bytes) == nil)
        }
        #expect(Wire.content([]) == nil)
        #expect(Wire.content([2, 1]) == nil)
        #expect(Wire.request([]) == nil)
    }
}
