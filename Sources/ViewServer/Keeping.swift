import Readings
import Synchronization
import Takeover

/// Keeps a view's counters in the vault.
final class VaultKeeper: CounterKeeper {
    private let records: Records
    private let view: Int
    private let known: Mutex<[Counter: Vault.Record]>

    init(_ records: Records, view: Int, known: [Counter: Vault.Record] = [:]) {
        self.records = records
        self.view = view
        self.known = Mutex(known)
    }

    func keep(_ numbers: [UInt64], of counter: Counter) {
        var out = Packer()
        out.add(numbers)
        let item = Item(.counter, view: view, handle: UInt64(counter.rawValue))
        known.withLock { known in
            if let record = records.put(out.bytes, item, replacing: known[counter]) { known[counter] = record }
        }
    }

    func kept(_ counter: Counter) -> [UInt64] {
        guard let record = known.withLock({ $0[counter] }) else { return [] }
        var from = Unpacker(records.vault.bytes(of: record))
        return from.numbers()
    }
}
