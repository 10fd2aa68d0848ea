import Control
import SystemPackage
import Takeover

/// The control request that is being answered, told to the next worker: it is still the first message of its connection, and may have
/// been done, answered, or have killed the worker.
final class Asking {
    private let client: Cell
    /// Parts of workers' deaths the request may be to blame for.
    private let blame: Cell
    private let number: Cell
    private let making: Cell
    /// This worker is at it: a death now may be its doing.
    private let begun: Cell
    /// Whether the request at hand was begun by a worker before this one.
    private(set) var isAgain = false

    init(_ vault: Vault, _ history: History) throws(Errno) {
        let record = try vault.cells(of: .asking)
        client = vault.cell(0, of: record)
        blame = vault.cell(1, of: record)
        number = vault.cell(2, of: record)
        let made = try vault.cells(of: .making)
        making = vault.cell(0, of: made)
        begun = vault.cell(1, of: made)
        // A worker that died before it came to the request knew nothing of it.
        if client.value != 0, begun.value != 0 {
            blame.value = blame.value.addingSaturating(UInt64(Blame.weight(of: history.signal)))
        }
        begun.value = 0
    }

    /// The connection whose request a worker before this one has begun and not ended; 0: none. To be answered before any other.
    var interrupted: UInt64 { client.value }

    /// EIO when workers have died of it.
    func begin(_ serial: UInt64, _ message: UInt64) throws(ControlError) {
        isAgain = client.value == serial && number.value == message
        guard isAgain else {
            client.value = 0
            blame.value = 0
            making.value = 0
            number.value = message
            client.value = serial
            begun.value = 1
            return
        }
        if blame.value >= UInt64(Blame.limit) { throw ControlError(.ioError, Asking.refusal) }
        begun.value = 1
    }

    static let refusal = "workers of vnode-fs die of this request: not tried again"

    /// Whether `begin` refuses the request at hand.
    var isPoisoned: Bool { isAgain && blame.value >= UInt64(Blame.limit) }

    func end() {
        begun.value = 0
        client.value = 0
        blame.value = 0
    }

    /// The number of what the request makes, said before it is made: a worker that finds such a thing there has not to make it again.
    func number(ofNew next: () -> UInt64) -> UInt64 {
        if !isAgain || making.value == 0 { making.value = next() }
        return making.value
    }
}
