import Control
import SystemPackage
import Takeover

/// The control request that is being answered, told to the next worker: it is still the first message of its connection, and may have
/// been done, answered, or have killed the worker.
final class Asking {
    private let client: Cell
    private let deaths: Cell
    private let number: Cell
    private let making: Cell
    /// Whether the request at hand was begun by a worker before this one.
    private(set) var isAgain = false

    private static let mostDeaths = 2

    init(_ vault: Vault, _ history: History) throws(Errno) {
        let record = try vault.cells(of: .asking)
        client = vault.cell(0, of: record)
        deaths = vault.cell(1, of: record)
        number = vault.cell(2, of: record)
        making = vault.cell(0, of: try vault.cells(of: .making))
        if client.value != 0, history.signal != 0 { deaths.value += 1 }
    }

    /// The connection whose request a worker before this one has begun and not ended; 0: none. To be answered before any other.
    var interrupted: UInt64 { client.value }

    /// EIO when workers have died of it.
    func begin(_ serial: UInt64, _ message: UInt64) throws(ControlError) {
        isAgain = client.value == serial && number.value == message
        guard isAgain else {
            client.value = 0
            deaths.value = 0
            making.value = 0
            number.value = message
            client.value = serial
            return
        }
        if deaths.value >= Asking.mostDeaths {
            throw ControlError(.ioError, "vnode-fs has died of this request twice: not tried again")
        }
    }

    func end() {
        client.value = 0
        deaths.value = 0
    }

    /// The number of what the request makes, said before it is made: a worker that finds such a thing there has not to make it again.
    func number(ofNew next: () -> UInt64) -> UInt64 {
        if !isAgain || making.value == 0 { making.value = next() }
        return making.value
    }
}
