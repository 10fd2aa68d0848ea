import Control
import Takeover
import Testing

@testable import ViewServer

@Suite struct AskingTests {
    @Test func theNextWorkerFindsTheRequestAndWhatItWasToMake() throws {
        let memory = try SharedMemory()
        let first = try Asking(Vault(memory), History())
        try first.begin(7, 3)
        #expect(!first.isAgain && first.number { 21 } == 21)
        var killed = History()
        killed.signal = 9
        let second = try Asking(Vault(memory), killed)
        #expect(second.interrupted == 7)
        try second.begin(7, 3)
        #expect(second.isAgain && second.number { 22 } == 21)
        second.end()
        #expect(second.interrupted == 0)
        try second.begin(7, 4)
        #expect(!second.isAgain && second.number { 22 } == 22)
    }

    /// What the worker after one that died of `signal` finds.
    private func worker(_ memory: SharedMemory, after signal: Int32) throws -> Asking {
        var history = History()
        history.signal = signal
        return try Asking(Vault(memory), history)
    }

    @Test(arguments: [(signal: Int32(11), deaths: 2), (signal: 9, deaths: 8)])
    func aRequestIsRefusedWhenSoManyHaveDiedOfIt(signal: Int32, deaths: Int) throws {
        let memory = try SharedMemory()
        var last = try Asking(Vault(memory), History())
        for _ in 0..<deaths {
            try last.begin(7, 3)
            #expect(!last.isPoisoned)
            last = try worker(memory, after: signal)
        }
        #expect(throws: ControlError.self) { try last.begin(7, 3) }
        #expect(last.isPoisoned)
        last.end()
        // The next one is another request.
        try last.begin(7, 4)
        #expect(!last.isPoisoned)
    }

    @Test func aWorkerThatDiedBeforeItCameToTheRequestSaysNothingOfIt() throws {
        let memory = try SharedMemory()
        try Asking(Vault(memory), History()).begin(7, 3)
        for _ in 0..<10 { #expect(try worker(memory, after: 11).interrupted == 7) }
        let next = try worker(memory, after: 11)
        try next.begin(7, 3)
        #expect(next.isAgain && !next.isPoisoned)
    }

    @Test func whatTheDaemonCountsIsKeptApart() throws {
        let vault = Vault(try SharedMemory())
        let tally = try Tally(vault)
        let (started, asking) = (tally.started.value, try Asking(vault, History()))
        tally.replays.value = 5
        try asking.begin(7, 3)
        _ = asking.number { 21 }
        #expect(started > 0)
        #expect(tally.started.value == started)
        #expect(try Tally(vault).replays.value == 5)
    }
}
