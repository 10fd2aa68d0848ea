import Installer
import NodeConfiguration
import Testing

struct ModeInstallTests {
    @Test(arguments: [
        (nil, "pods = \"per-pod\"\n"), ("# x\nengine = \"crun\"\n", "pods = \"per-pod\"\n# x\nengine = \"crun\"\n"),
        ("engine = 'a'\npods='per-namespace' # why\n[ids]\nfirst = 65536\n", "engine = 'a'\npods = \"per-pod\"\n[ids]\nfirst = 65536\n"),
        ("pods = \"per-pod\" # why\n", "pods = \"per-pod\" # why\n"),
        ("# x\r\npods = 'per-namespace'\r\nengine = 'a'\r\n", "# x\r\npods = \"per-pod\"\r\nengine = 'a'\r\n"),
    ])
    func theModeIsSetAndNothingElse(_ old: String?, _ new: String) throws {
        let node = try FakeNode()
        if let old { try node.write(old, to: "config.toml") }
        let changed = try ModeInstall.install(.perPod, into: node.path("config.toml"))
        #expect(node.text("config.toml") == new)
        #expect(changed.isEmpty == (old == new))
        #expect(try ModeInstall.install(.perPod, into: node.path("config.toml")) == [])
    }

    @Test func aFileThatIsWrongIsLeftAlone() throws {
        let node = try FakeNode()
        try node.write("engin = 1\n", to: "config.toml")
        #expect(throws: InstallError.self) { try ModeInstall.install(.perPod, into: node.path("config.toml")) }
        #expect(node.text("config.toml") == "engin = 1\n")
    }
}
