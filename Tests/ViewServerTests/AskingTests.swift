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
