import FoundationEssentials
import Testing

@testable import OCI
@testable import Sandbox

@Suite struct SpecTests {
    let spec = InnerSpec.make(
        command: ["sh", "-c", "true"], terminal: true, hostname: "h", top: "/inner/main", initPID: 42, uidBase: 65536,
        cgroupsPath: "/vnode/a/c-main", listener: "/inner/main/seccomp.sock", hasCgroupDirectory: true,
        environment: InnerSpec.environment(hostname: "h", terminal: nil))

    @Test func namespacesAreTheVNodes() {
        let namespaces = spec.linux?.namespaces ?? []
        #expect(namespaces.filter { $0.path != nil }.map(\.path) == ["user", "pid", "ipc", "uts"].map { "/proc/42/ns/\($0)" })
        #expect(namespaces.filter { $0.path == nil }.map(\.type) == [.mount, .cgroup])
        // Entered before the engine runs: joined by it they are EPERM.
        #expect(!namespaces.contains { $0.type == .network || $0.type == .time })
    }

    @Test func procAndSysAreTheStagedTrees() {
        let mounts = spec.mounts ?? []
        #expect(mounts.first { $0.destination == "/proc" }?.source == "/inner/main/proc")
        #expect(mounts.first { $0.destination == "/proc" }?.options?.contains("rbind") == true)
        #expect(!mounts.contains { $0.type == "proc" || $0.type == "sysfs" })
    }

    @Test func jsonIsWhatTheEngineReads() throws {
        let data = try JSONEncoder().encode(spec)
        let text = String(decoding: data, as: UTF8.self)
        for piece in [
            #""ociVersion":"1.0.2""#, #""terminal":true"#, #""containerID":0"#, #""hostID":65536"#, #""cgroupsPath":"\/vnode\/a\/c-main""#,
        ] {
            #expect(text.contains(piece), "\(piece)")
        }
        #expect(try JSONDecoder().decode(Spec.self, from: data) == spec)
    }
}

@Suite struct EngineLogTests {
    func failure(_ message: String) -> EngineLog.Failure? {
        EngineLog.failure(
            in: Data(#"{"level":"warning","msg":"w"}"#.utf8 + [0x0a] + #"{"level":"error","msg":"\#(message)","time":"t"}"#.utf8 + [0x0a]))
    }

    @Test func statusesOfAShell() {
        let start = "runc run failed: unable to start container process: "
        let missing = failure(start + #"exec: \"nosuch\": executable file not found in $PATH"#)
        #expect(missing == EngineLog.Failure(status: 127, message: #"exec: "nosuch": executable file not found in $PATH"#))
        #expect(failure(start + #"exec: \"/x\": stat /x: no such file or directory"#)?.status == 127)
        #expect(failure(start + #"exec: \"/etc/passwd\": permission denied"#)?.status == 126)
        #expect(failure("runc run failed: rootfs does not exist")?.status == 125)
    }

    @Test func whatWasLoggedBeforeTheLastErrorIsTold() {
        let log = """
            {"level":"warning","msg":"w"}
            {"level":"fatal","msg":"nsexec-0[7]: could not ensure we are a cloned binary: No space left on device"}
            {"level":"error","msg":"runc run failed: read init-p: connection reset by peer"}
            """
        #expect(
            EngineLog.failure(in: Data(log.utf8))?.message == "runc run failed: read init-p: connection reset by peer "
                + "(nsexec-0[7]: could not ensure we are a cloned binary: No space left on device)")
    }

    @Test func aLogWithoutErrors() {
        #expect(EngineLog.failure(in: Data()) == nil)
        #expect(EngineLog.failure(in: Data(#"{"level":"warning","msg":"exec: x"}"#.utf8)) == nil)
        #expect(EngineLog.failure(in: Data("not json\n".utf8)) == nil)
    }
}
