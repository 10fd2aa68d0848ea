import Linux
import Readings
import Takeover
import Testing
import Tree

@testable import ViewServer

@Suite struct PressureTriggersTests {
    /// The kernel's trigger lives until the last handle of it is closed, and may fire when the record is another vNode's.
    @Test func whatFiresAfterTheEndOfItsVNodeChangesNobodysRecord() throws {
        let records = Records(vault: Vault(try SharedMemory()), owner: 7)
        records.vault.open(owner: 7)
        let triggers = PressureTriggers(records)
        let kept = PressureTriggers.Kept(
            trigger: PressureTrigger(share: .anybody, threshold: 1, window: 2), resource: .memory, view: 1, unique: 3)
        let record = try #require(records.put(kept.bytes, Item(.trigger, handle: 5)))
        let trigger = try Trigger(kept, record, in: records, Sockets.datagram(), waking: InvalidationSlot())
        triggers.take(trigger, of: 5)
        triggers.end()
        #expect(records.vault.found().isEmpty)
        records.vault.remove(owner: 7)
        records.vault.open(owner: 8)
        let other = try #require(records.vault.put(kept.bytes, owner: 8, item: 1))
        trigger.fire()
        #expect(records.vault.cell(0, of: other).value == 0)
        let slot = RequestSlot(records.vault.memory, 0)
        #expect(triggers.poll(5, key: 9, slot) == nil)
        #expect(trigger.poll(key: 9, slot) == nil)
    }
}
