import Testing

@testable import Sandbox

@Suite struct VerdictTests {
    let creator = ProcessIdentity(pid: 10, startTime: 1)
    let first = ProcessIdentity(pid: 11, startTime: 2)
    let daemon = ProcessIdentity(pid: 12, startTime: 3)

    func state(_ phase: State.Phase) -> State {
        State(
            name: "a", phase: phase, creator: creator, uidBase: 65536, hostname: "a", bootID: "", limits: Limits(), cgroup: "/c",
            created: 0,
            initProcess: first, privateDaemon: daemon)
    }

    func verdict(_ state: State?, held: Bool, alive: [ProcessIdentity], served: Bool = true) -> Verdict {
        Verdict.of(state, isHeld: held, isAlive: alive.contains, isServed: { _ in served })
    }

    @Test func oneBeingMadeIsLeft() {
        #expect(verdict(state(.attached), held: true, alive: [creator]) == .leave)
        #expect(verdict(nil, held: true, alive: []) == .leave)
    }

    @Test func oneWhoseCreatorDiedIsCleaned() {
        #expect(verdict(state(.attached), held: false, alive: [first, daemon]) == .clean)
        // A child of the dead creator still has the lock for a moment.
        #expect(verdict(state(.attached), held: true, alive: [first, daemon]) == .clean)
        #expect(verdict(nil, held: false, alive: []) == .clean)
    }

    @Test func aKeptOneLivesByItsFirstProcessAndDaemon() {
        #expect(verdict(state(.kept), held: false, alive: [first, daemon]) == .leave)
        #expect(verdict(state(.kept), held: true, alive: [first, daemon]) == .leave)
        #expect(verdict(state(.kept), held: false, alive: [daemon]) == .clean)
        #expect(verdict(state(.kept), held: false, alive: [first]) == .clean)
    }

    @Test func aKeptOneOfTheNodesDaemonLivesAsLongAsItIsServed() {
        var state = state(.kept)
        state.privateDaemon = nil
        #expect(verdict(state, held: false, alive: [first], served: true) == .leave)
        #expect(verdict(state, held: false, alive: [first], served: false) == .clean)
        #expect(verdict(state, held: false, alive: [], served: true) == .clean)
    }

    @Test func aReusedPidIsNotTheSameProcess() {
        #expect(verdict(state(.kept), held: false, alive: [ProcessIdentity(pid: 11, startTime: 99), daemon]) == .clean)
    }
}

@Suite struct LimitTests {
    @Test func filesOfTheTop() {
        let limits = Limits(memory: ByteSize("64M"), swap: ByteSize("0"), cpus: CPUShare("1.5"), cpuset: "0-1", pids: 100)
        let files = limits.files(controllers: ["cpu", "cpuset", "memory", "pids"]).map { "\($0.file)=\($0.text)" }
        #expect(files == ["memory.max=67108864", "memory.swap.max=0", "cpu.max=150000 100000", "cpuset.cpus=0-1", "pids.max=100"])
        #expect(limits.files(controllers: []).map(\.file).contains("cpuset.cpus") == false)
    }

    @Test func aMissingControllerIsNamed() {
        let limits = Limits(memory: ByteSize("64M"), cpuset: "0", pids: 5)
        #expect(limits.missing(controllers: ["memory"]).map(\.option) == ["--pids"])
        #expect(limits.missing(controllers: []).map(\.controller) == ["memory", "pids"])
    }

    @Test func rootOfPureAndHybridMachines() {
        #expect(CgroupRoot(mounts: "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n")?.path == "/sys/fs/cgroup")
        let hybrid =
            "tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"
        #expect(CgroupRoot(mounts: hybrid)?.path == "/sys/fs/cgroup/unified")
        #expect(CgroupRoot(mounts: "proc /proc proc rw 0 0\n") == nil)
    }

    @Test func clockOffsets() {
        #expect(Staging.offset(5_000_000_000) == "-5 0")
        #expect(Staging.offset(5_000_000_001) == "-6 999999999")
        #expect(Staging.offset(1) == "-1 999999999")
    }
}
