import Testing

@testable import Tree

/// What is expected is what kernel 6.18 said of the same writes.
@Suite struct PressureTriggerTests {
    private func trigger(_ text: String, of resource: PressureResource = .cpu, isPrivileged: Bool = true) -> String? {
        PressureTrigger(Array(text.utf8), of: resource, isPrivileged: isPrivileged)?.text
    }

    @Test(arguments: [
        "some 150000 2000000\n", "some 150000 2000000\0", "some\t150000  2000000 junk\n", "some150000 2000000\n",
        "some 150000 2000000\0junk",
        "some 150000 2000000" + String(repeating: " ", count: 100), "some 0150000 02000000\n",
    ])
    func whatTheKernelTakes(_ text: String) { #expect(trigger(text, isPrivileged: false) == "some 150000 2000000", "\(text)") }

    @Test(arguments: [
        "some 150000 200000", "some 0 2000000\n", "some 2000001 2000000\n", "some 150000\n", "junk", "\n", "", " some 150000 2000000\n",
        "some -1 2000000\n", "some +150000 2000000\n", "some 0x100 2000000\n", "some 1 10000001\n", "some 1 499999\n", "full\n",
        "some 150000 99999999999999999999999\n", "SOME 150000 2000000\n", "some 150000\0 2000000\n",
    ])
    func whatIsEINVAL(_ text: String) { #expect(trigger(text) == nil, "\(text)") }

    /// procfs takes the last byte for the end of the text, whatever it is.
    @Test func theLastByteDoesNotCount() {
        #expect(trigger("some 150000 20000000") == "some 150000 2000000")
        #expect(trigger("some 150000 2000000") == nil)
    }

    @Test func windowsOfWholeTwoSecondsForEverybody() {
        #expect(trigger("some 150000 1000000\n", isPrivileged: false) == nil)
        #expect(trigger("some 150000 1000000\n") == "some 150000 1000000")
        #expect(trigger("full 4000000 4000000\n", isPrivileged: false) == "full 4000000 4000000")
        #expect(trigger("some 1 500000\n") == "some 1 500000")
        #expect(trigger("some 1 10000000\n") == "some 1 10000000")
    }

    @Test func interruptsKnowNoSome() {
        #expect(trigger("some 150000 2000000\n", of: .irq) == nil)
        #expect(trigger("full 150000 2000000\n", of: .irq) == "full 150000 2000000")
    }
}
