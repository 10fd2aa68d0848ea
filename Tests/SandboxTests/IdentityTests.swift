import Glibc
import Linux
import Synchronization
import Testing

@testable import Sandbox

@Suite struct IDPoolTests {
    let all = IDPool.standard

    func range(_ base: UInt32) -> ClosedRange<UInt32> { base...base + 65535 }

    @Test func theFirstIsNotTheNodes() { #expect(all.lowestFree(besides: []) == 65536) }

    @Test func aHoleIsFilled() { #expect(all.lowestFree(besides: [65536, 262144, 131072].map(range)) == 196608) }

    @Test func whatIsNotAlignedStillCounts() {
        #expect(all.lowestFree(besides: [range(65537)]) == 196608)
        #expect(all.lowestFree(besides: [100_000...100_000, 0...70000]) == 131072)
        #expect(all.lowestFree(besides: [131071...131071]) == 131072)
        #expect(all.lowestFree(besides: [131072...131072]) == 65536)
    }

    @Test func exhaustion() {
        let taken = (1..<UInt32(65535)).map { range($0 * 65536) }
        #expect(taken.count == all.count)
        #expect(all.lowestFree(besides: taken) == nil)
        #expect(all.lowestFree(besides: taken.dropLast()) == UInt32(65534) * 65536)
        #expect(all.lowestFree(besides: [0...UInt32.max]) == nil)
    }

    @Test func aPoolBeginsWhereItSays() throws {
        let pool = try #require(IDPool("100000-231071"))
        #expect(pool.count == 2)
        #expect(pool.lowestFree(besides: []) == 100_000)
        #expect(pool.lowestFree(besides: [range(65536)]) == 165_536)
        #expect(pool.lowestFree(besides: [range(100_000), range(165_536)]) == nil)
    }

    @Test(arguments: [
        "", "65536", "65536-", "0-131071", "65535-131071", "65536-131070", "65536-4294967295", "a-b", "131072-65536", "65536-131071-1",
        "+65536-131071", "65536-99999999999",
    ])
    func noPools(_ text: String) { #expect(IDPool(text) == nil) }

    @Test func thePoolOfOneRange() { #expect(IDPool("65536-131071")?.count == 1) }
}

@Suite struct SubordinateTests {
    @Test func linesAndWhatIsNone() {
        let found = SubordinateIDs([
            ("/s", "ann:100000:65536\n# a:1:1\n\nvnode:300000:65536\nbob:x:1\nmax:4294967290:100\n1000:200000:1"), ("/g", "eve:7:0\n"),
        ])
        #expect(found.lines.map(\.place) == ["/s:1: ann:100000:65536", "/s:6: max:4294967290:100", "/s:7: 1000:200000:1"])
        #expect(found.lines.map(\.ids) == [100_000...165_535, 4_294_967_290...UInt32.max, 200_000...200_000])
    }
}

@Suite final class ClaimTests {
    let directory = "/tmp/vnode-claims-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    let me = ProcessIdentity(pid: getpid()) ?? ProcessIdentity(pid: 0, startTime: 0)
    let dead = ProcessIdentity(pid: getpid(), startTime: 1)

    deinit { try? Directories.removeTree(directory) }

    func claims() throws -> Claims { try Claims(directory + "/claims") }

    func state(_ name: String, _ creator: ProcessIdentity, bootID: String = "b") -> State {
        State(
            name: name, phase: .attached, creator: creator, uidBase: 0, hostname: name, bootID: bootID, limits: Limits(),
            cgroup: "/no/cgroup",
            created: 0)
    }

    func take(
        _ name: String, by creator: ProcessIdentity, pool: IDPool = .standard, besides lines: String = "", bootID: String = "b",
        in place: String = "s"
    ) throws -> UInt32 {
        try claims().take(
            name, Claims.Claim(bootID: bootID, stateDirectory: place, creator: creator, cgroup: "/no/cgroup"), from: pool,
            besides: SubordinateIDs([("/etc/subuid", lines)]))
    }

    @Test func rangesAreTakenAndGivenBack() throws {
        #expect(try take("a", by: me) == 65536)
        #expect(try take("b", by: me) == 131072)
        try claims().release("a", bootID: "b", stateDirectory: "s")
        #expect(try take("c", by: me) == 65536)
    }

    @Test func aNameIsOnesInAllStateDirectories() throws {
        _ = try take("a", by: me, in: "/one")
        let failure = #expect(throws: Failure.self) { try self.take("a", by: self.me, in: "/two") }
        #expect(failure?.message.contains("/one") == true && failure?.message.contains("stop --state-dir") == true)
    }

    @Test func whatADeadCreatorLeftIsTakenAgain() throws {
        #expect(try take("a", by: dead, in: "/one") == 65536)
        #expect(try take("a", by: me, bootID: "c", in: "/two") == 65536)
        // And the first one's launcher finds that it is no longer its own.
        #expect(try claims().isOthers("a", bootID: "b", stateDirectory: "/one"))
        try claims().release("a", bootID: "b", stateDirectory: "/one")
        #expect(try claims().isOthers("a", bootID: "b", stateDirectory: "/one"))
        try claims().release("a", bootID: "c", stateDirectory: "/two")
        #expect(try take("d", by: me) == 65536)
    }

    @Test func whenAllAreTakenThoseOfTheDeadAreFree() throws {
        let pool = try #require(IDPool("65536-196607"))
        _ = try take("a", by: me, pool: pool)
        _ = try take("b", by: dead, pool: pool)
        #expect(try take("c", by: me, pool: pool) == 131072)
        let failure = #expect(throws: Failure.self) { try self.take("d", by: self.me, pool: pool) }
        #expect(failure?.message.hasPrefix("no range of 65536 ids is free in 65536-196607: 2 of 2 belong to vNodes: stop some") == true)
    }

    @Test func subordinateIDsAreLeftAlone() throws {
        #expect(try take("a", by: me, besides: "ann:100000:65536\n") == 196608)
        let pool = try #require(IDPool("65536-196607"))
        let failure = #expect(throws: Failure.self) { try self.take("b", by: self.me, pool: pool, besides: "ann:100000:65536\n") }
        #expect(failure?.message.contains("/etc/subuid:1: ann:100000:65536") == true)
        #expect(failure?.message.contains("--ids") == true)
        #expect(try take("b", by: me, pool: pool, besides: "vnode:65536:131072\n") == 65536)
    }

    @Test func aClaimCutShortIsNobodys() throws {
        _ = try claims()
        _ = try Files.open(directory + "/claims/65536.a", flags: O_WRONLY | O_CREAT, mode: 0o600)
        #expect(try take("a", by: me) == 65536)
    }

    @Test func stateDirectoriesShareOneSetOfIds() throws {
        var (one, two) = (state("a", me), state("b", me))
        let first = try StateDirectory(directory + "/1", claims: claims())
        let second = try StateDirectory(directory + "/2", claims: claims())
        _ = try first.allocate(&one, from: .standard, besides: SubordinateIDs([]))
        _ = try second.allocate(&two, from: .standard, besides: SubordinateIDs([]))
        #expect([one.uidBase, two.uidBase] == [65536, 131072])
        var again = state("a", me, bootID: "c")
        #expect(throws: Failure.self) { _ = try second.allocate(&again, from: .standard, besides: SubordinateIDs([])) }
        #expect(throws: Failure.self) { _ = try first.allocate(&again, from: .standard, besides: SubordinateIDs([])) }
        // A refused one leaves nothing of itself.
        #expect(try second.names() == ["b"])
        try first.release(one)
        _ = try second.allocate(&again, from: .standard, besides: SubordinateIDs([]))
        #expect(again.uidBase == 65536)
    }

    /// Sixteen at once, some of whom die with their claim: nobody gets what another has.
    @Test func neverTwoOwners() async throws {
        let crowd = Crowd(path: directory + "/claims", pool: try #require(IDPool("65536-4259839")), me: me, dead: dead)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<16 { group.addTask { try crowd.work(as: "w\(worker)") } }
            try await group.waitForAll()
        }
    }
}

private final class Crowd: Sendable {
    private let held = Mutex<Set<UInt32>>([])
    let path: String
    let pool: IDPool
    let me: ProcessIdentity
    let dead: ProcessIdentity

    init(path: String, pool: IDPool, me: ProcessIdentity, dead: ProcessIdentity) {
        self.path = path
        self.pool = pool
        self.me = me
        self.dead = dead
    }

    func work(as name: String) throws {
        for round in 0..<40 {
            let dies = round % 5 == 4
            let claims = try Claims(path)
            let claim = Claims.Claim(bootID: "\(round)", stateDirectory: name, creator: dies ? dead : me, cgroup: "/no/cgroup")
            let base = try claims.take(name, claim, from: pool, besides: SubordinateIDs([]))
            if dies { continue }
            let isAlone = held.withLock { $0.insert(base).inserted }
            #expect(isAlone, "\(base) twice")
            usleep(200)
            held.withLock { _ = $0.remove(base) }
            try claims.release(name, bootID: "\(round)", stateDirectory: name)
        }
    }
}
