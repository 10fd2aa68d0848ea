import Testing

@testable import Sandbox

@Suite struct RuntimeArgumentsTests {
    @Test func createAsContainerdCallsIt() throws {
        let words = [
            "--root", "/run/containerd/runc/k8s.io", "--log", "/b/log.json", "--log-format", "json", "--systemd-cgroup", "create",
            "--bundle",
            "/b", "--pid-file", "/b/init.pid", "--console-socket", "/tmp/pty/s", "abc",
        ]
        let arguments = try RuntimeArguments(words)
        #expect(arguments.global("root") == "/run/containerd/runc/k8s.io")
        #expect(arguments.global("log-format") == "json")
        #expect(arguments.hasGlobal("systemd-cgroup"))
        #expect(arguments.command == "create")
        #expect(arguments.value("bundle") == "/b")
        #expect(arguments.container == "abc")
        #expect(arguments.words == ["create", "--bundle", "/b", "--pid-file", "/b/init.pid", "--console-socket", "/tmp/pty/s", "abc"])
        #expect(arguments.with("bundle", "/x").value("bundle") == "/x")
    }

    @Test func flagsComeInEveryForm() throws {
        #expect(try RuntimeArguments(["create", "--bundle=/b", "x"]).value("bundle") == "/b")
        #expect(try RuntimeArguments(["create", "-b", "/b", "x"]).value("bundle") == "/b")
        #expect(try RuntimeArguments(["kill", "--all", "x", "9"]).rest == ["9"])
        #expect(try RuntimeArguments(["kill", "x", "KILL", "--all"]).has("all"))
        #expect(try RuntimeArguments(["delete", "-f", "x"]).has("force"))
        #expect(try RuntimeArguments(["ps", "-f", "json", "x"]).value("format") == "json")
        #expect(try RuntimeArguments(["update", "--resources", "-", "x"]).words == ["update", "--resources", "-", "x"])
        #expect(try RuntimeArguments(["--version"]).hasGlobal("version"))
    }

    @Test func onlySIGKILLIsDeadly() throws {
        for words in [["kill", "x", "9"], ["kill", "--all", "x", "KILL"], ["kill", "x", "sigkill", "--all"]] {
            #expect(try RuntimeArguments(words).isDeadly)
        }
        for words in [["kill", "x"], ["kill", "x", "15"], ["kill", "9"], ["exec", "x", "9"]] {
            #expect(try !RuntimeArguments(words).isDeadly)
        }
    }

    @Test func whatEnginesSayOfAContainerTheyDoNotKnow() {
        #expect(Deletion.saysUnknown(#"{"level":"error","msg":"container does not exist"}"#))
        #expect(Deletion.saysUnknown("error opening file `/run/runc/x/status`: No such file or directory"))
        #expect(!Deletion.saysUnknown("cannot delete container x that is not stopped: running"))
        #expect(!Deletion.saysUnknown("open `/sys/fs/cgroup/x/cgroup.procs`: No such file or directory"))
    }

    @Test func theProgramOfAnExecIsLeftAlone() throws {
        let arguments = try RuntimeArguments(["exec", "--detach", "--user", "1:2", "x", "ls", "--all", "-l"])
        #expect(arguments.container == "x")
        #expect(arguments.rest == ["ls", "--all", "-l"])
        #expect(arguments.words == ["exec", "--detach", "--user", "1:2", "x", "ls", "--all", "-l"])
    }

    @Test func aFlagWithoutItsValueIsAnError() {
        #expect(throws: Failure("create: flag needs an argument: --bundle")) { try RuntimeArguments(["create", "--bundle"]) }
    }

    @Test(arguments: ["", ".", "..", "a/b", "a\0b", "-x", String(repeating: "a", count: 77), "ä"]) func badIDs(_ id: String) {
        #expect(throws: Failure.self) { try ContainerRecords.name(root: "/r", id: id) }
    }

    @Test func recordsOfDifferentRootsDiffer() throws {
        #expect(try ContainerRecords.name(root: "/run/runc/k8s.io", id: "a") == "run,runc,k8s.io,a")
    }
}
