import SystemPackage

@testable import Takeover
@testable import ViewServer

/// What a worker finds: link messages, and a shared memory that a worker before it has ruined. Whatever is in it, the vault can be
/// used, and what is put there now comes back.
enum Memory {
    private static let memory = need("memory") { try SharedMemory() }

    static func run(_ bytes: [UInt8]) {
        if let message = LinkMessage(bytes) { demand(LinkMessage(message.bytes) == message, "\(message)") }
        _ = View.Kept(bytes)
        var from = Unpacker(bytes)
        _ = from.optionalText()
        _ = from.numbers()
        // Blocks as a worker leaves them: the input, over and over where records begin.
        let words = stride(from: 0, to: bytes.count, by: 4).map { bytes.number(at: $0, UInt32.self) }
        for (index, word) in words.prefix(4096).enumerated() {
            let block = SharedMemory.records + index / 8 * 128
            memory.store32(block + index % 8 * 4, index % 8 == 0 && word % 4 != 0 ? 0x7665_6330 + word % 4 : word)
        }
        memory.top = SharedMemory.records + (words.count / 8 + 1) * 128
        let vault = Vault(memory)
        for found in vault.found() { demand(vault.bytes(of: found.record).count <= Vault.longest, "a record longer than any") }
        vault.open(owner: 3)
        let payload = [UInt8](repeating: 7, count: bytes.count % 1000)
        let record = vault.put(payload, owner: 3, item: 9)
        demand(record.map { vault.bytes(of: $0) } == payload, "what was put did not come back")
        let next = Vault(memory)
        demand(
            next.found().contains { $0.owner == 3 && $0.item == 9 && next.bytes(of: $0.record) == payload }, "a successor does not find it")
        for owner in Set(next.found().map(\.owner)) { next.remove(owner: owner) }
        demand(next.used == 0, "records are left")
    }
}
