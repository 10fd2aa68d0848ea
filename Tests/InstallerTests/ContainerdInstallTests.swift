import Glibc
import Installer
import Linux
import NodeConfiguration
import Testing

struct ContainerdInstallTests {
    private static let two = """
        # mine
        version = 2
        [plugins."io.containerd.grpc.v1.cri"]
        sandbox_image = "localhost/pause:1"
        [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
        runtime_type = "io.containerd.runc.v2"
        [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = true

        """
    private static let three = """
        version = 3
        imports = ["/tmp/nothing-there/*.conf"]
        [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
        SystemdCgroup = false

        """

    private func installer(_ node: FakeNode) -> ContainerdInstall<FakeNode> {
        ContainerdInstall(
            node: node, configuration: node.path("config.toml"), dropIn: node.path("vnode.toml"), program: "/usr/local/bin/vnode-runtime",
            patience: 1)
    }

    private func message(_ body: () throws -> [String]) -> String? {
        do {
            _ = try body()
            return nil
        } catch { return "\(error)" }
    }

    @Test(arguments: [(two, "1.7.24", false), (two, "2.1.9", true), (three, "2.1.9", true)])
    func theHandlerComesAndGoesAndNothingElseChanges(_ old: String, _ version: String, _ hasDropIn: Bool) throws {
        let node = try FakeNode()
        node.version = version
        try node.write(old, to: "config.toml")
        let changed = try installer(node).install(restart: true)
        #expect(changed == (hasDropIn ? [node.path("vnode.toml")] : []) + [node.path("config.toml")])
        #expect(node.restarts == 1)
        #expect(node.text("config.toml.before-vnode") == old)
        let stanza = try #require(node.text(hasDropIn ? "vnode.toml" : "config.toml"))
        #expect(stanza.contains("BinaryName = \"/usr/local/bin/vnode-runtime\""))
        #expect(stanza.hasSuffix("SystemdCgroup = \(old == ContainerdInstallTests.two)\n\(hasDropIn ? "" : "# END vnode\n")"))
        let plugin = old == ContainerdInstallTests.two ? "io.containerd.grpc.v1.cri" : "io.containerd.cri.v1.runtime"
        #expect(stanza.contains("[plugins.\"\(plugin)\".containerd.runtimes.vnode]"))

        #expect(try installer(node).install(restart: true) == [])
        #expect(node.restarts == 1, "done again it changes nothing")

        _ = try installer(node).uninstall(restart: true)
        #expect(node.text("config.toml") == old)
        #expect(node.text("vnode.toml") == nil)
        #expect(node.restarts == 2)
        #expect(try installer(node).uninstall(restart: true) == [])
        #expect(node.restarts == 2)
    }

    @Test(arguments: ["1.7.24", "2.1.9"])
    func withoutAFileOneIsMade(_ version: String) throws {
        let node = try FakeNode()
        node.version = version
        _ = try installer(node).install(restart: false)
        #expect(node.text("config.toml")?.contains("version = \(version.hasPrefix("2") ? 3 : 2)") == true)
        #expect(node.restarts == 0)
    }

    @Test func whenContainerdDoesNotComeBackAllIsAsItWas() throws {
        let node = try FakeNode()
        try node.write(ContainerdInstallTests.two, to: "config.toml")
        node.comesBack = { !$0.contains("vnode-runtime") }
        let said = try #require(message { try installer(node).install(restart: true) })
        #expect(said.contains("containerd does not come back"))
        #expect(said.hasSuffix("the old configuration is back in place, and containerd with it"))
        #expect(node.text("config.toml") == ContainerdInstallTests.two)
        #expect(node.text("vnode.toml") == nil)
        #expect(node.restarts == 2)
        node.comesBack = { _ in false }
        #expect(message { try installer(node).install(restart: true) }?.hasSuffix("does not start with it either") == true)
        #expect(node.text("config.toml") == ContainerdInstallTests.two)
    }

    /// Of a file that is not a directory's own: a dotfile repository, a ConfigMap.
    @Test func aSymlinkStaysOneAndItsFileHasItsMode() throws {
        let node = try FakeNode()
        try node.write(ContainerdInstallTests.two, to: "real.toml")
        try Directories.link(node.path("config.toml"), to: "real.toml")
        _ = try installer(node).install(restart: true)
        #expect(try Directories.readLink(node.path("config.toml")) == "real.toml")
        #expect(node.text("real.toml")?.contains("vnode.toml") == true)
        var status = stat()
        #expect(unsafe stat(node.path("real.toml"), &status) == 0 && status.st_mode & 0o7777 == 0o640)
        _ = try installer(node).uninstall(restart: true)
        #expect(try Directories.readLink(node.path("config.toml")) == "real.toml")
        #expect(node.text("real.toml") == ContainerdInstallTests.two)
        #expect(unsafe unlink(node.path("real.toml")) == 0)
        #expect(message { try installer(node).install(restart: true) }?.contains("leads nowhere") == true)
        #expect(node.text("vnode.toml") == nil)
    }

    /// The files were written, and then the machine went down, or the installer.
    @Test func containerdIsRestartedForFilesItHasNotRead() throws {
        let node = try FakeNode()
        try node.write(ContainerdInstallTests.two, to: "config.toml")
        _ = try installer(node).install(restart: false)
        #expect(node.restarts == 0)
        #expect(try installer(node).install(restart: false) == [])
        #expect(try installer(node).install(restart: true) == ["containerd: restarted, it ran with older files"])
        #expect(node.restarts == 1)
        // Somebody else's change is not ours to have read.
        try node.write(node.text("config.toml") ?? "", to: "config.toml")
        #expect(try installer(node).install(restart: true) == [])
        #expect(node.restarts == 1)
        #expect(node.text("config.toml.vnode-pending") == nil)
    }

    /// A masked unit leads to /dev/null.
    @Test func whatIsNoFileIsNotReplaced() throws {
        let node = try FakeNode()
        try Directories.link(node.path("vnode.toml"), to: "/dev/null")
        try node.write(ContainerdInstallTests.two, to: "config.toml")
        #expect(message { try installer(node).install(restart: true) }?.contains("/dev/null, which is no file") == true)
        #expect(Directories.kind("/dev/null") == .other)
        #expect(node.text("config.toml") == ContainerdInstallTests.two)
    }

    @Test func theBackupIsWhatWasThereBeforeUs() throws {
        let node = try FakeNode()
        node.version = "1.7.24"
        try node.write(ContainerdInstallTests.two, to: "config.toml")
        _ = try installer(node).install(restart: true)
        #expect(node.text("config.toml.before-vnode") == ContainerdInstallTests.two)
        let other = ContainerdInstall(
            node: node, configuration: node.path("config.toml"), dropIn: node.path("vnode.toml"), program: "/opt/vnode-runtime", patience: 1
        )
        _ = try other.install(restart: true)
        #expect(node.text("config.toml.before-vnode") == ContainerdInstallTests.two)
        _ = try other.uninstall(restart: true)
        #expect(node.text("config.toml.before-vnode") == ContainerdInstallTests.two)
    }

    @Test func aConfigurationThatIsNotReadIsRefused() throws {
        let node = try FakeNode()
        for text in ["version = 2\nbroken", "version = 1\n", "# none\n", "version = 4\n"] {
            try node.write(text, to: "config.toml")
            #expect(message { try installer(node).install(restart: true) } != nil)
            #expect(node.text("config.toml") == text)
            #expect(node.restarts == 0)
        }
        node.version = "1.7.24"
        try node.write(ContainerdInstallTests.three, to: "config.toml")
        #expect(message { try installer(node).install(restart: true) }?.contains("must be 2 or 3") == true)
        node.version = "1.6.33"
        #expect(message { try installer(node).install(restart: true) }?.contains("must be 1.7 or 2.x") == true)
    }

    @Test func aHandlerThatAnImportReplacesIsNoticed() throws {
        let node = try FakeNode()
        node.version = "1.7.24"
        try node.write("version = 2\n[plugins.x]\na = 1\n", to: "other.toml")
        let text = "imports = [\"\(node.path("other.toml"))\"]\n" + ContainerdInstallTests.two
        try node.write(text, to: "config.toml")
        let said = message { try installer(node).install(restart: true) }
        #expect(said?.contains("does not see the handler vnode") == true)
        #expect(node.text("config.toml") == text)
        #expect(node.restarts == 0)
    }

    @Test func aHandlerOfSomebodyElseIsLeftAlone() throws {
        let node = try FakeNode()
        let text = ContainerdInstallTests.three + "[plugins.x.containerd.runtimes.vnode.options]\nBinaryName = \"/opt/other\"\n"
        try node.write(text, to: "config.toml")
        #expect(message { try installer(node).install(restart: true) }?.contains("/opt/other") == true)
        #expect(message { try installer(node).uninstall(restart: true) }?.contains("by hand") == true)
        #expect(node.text("config.toml") == text)
    }
}

struct ContainerdTextTests {
    @Test(arguments: [
        ("version = 2\n", 2), ("# x\r\nversion = 3\r\n[a]\r\nversion = 9\r\n", 3), ("# x\n  version=3 # y\n[a]\nversion = 9\n", 3),
        ("[a]\nversion = 2\n", nil), ("", nil),
    ])
    func versions(_ text: String, _ version: Int?) { #expect(ContainerdText.version(of: text) == version) }

    @Test(arguments: [
        "version = 2\n", "", "imports = []\nversion = 2\n", "imports = [\"/a\", \"/b\"]\n",
        "version = 2\nimports = [\n  \"/a\",\n]\n[x]\ny = 1\n", "version = 2\r\nimports = [\"/a\"]\r\n[x]\r\n",
    ])
    func importsComeAndGo(_ text: String) {
        let with = ContainerdText.adding(import: "/d/vnode.toml", to: text)
        #expect(with.contains("\"/d/vnode.toml\""))
        #expect(ContainerdText.removing(import: "/d/vnode.toml", from: with) == text)
    }

    @Test func otherLineEndsAreKeptAndHideNothing() {
        let text = "version = 3\r\n[a]\r\nimports = 1\r\n"
        let with = ContainerdText.adding(import: "/d/vnode.toml", to: text)
        #expect(with == "imports = [\"/d/vnode.toml\"] # vnode\n" + text)
        let edited = Lines.of(with).map { $0.utf8.last == 0x0d ? $0 : $0 + "\r" }.joined(separator: "\n")
        #expect(ContainerdText.removing(import: "/d/vnode.toml", from: edited).hasPrefix("version = 3\r\n"))
        let block = ContainerdText.adding(block: "[b]\n", to: text)
        #expect(block.hasPrefix(text + "# BEGIN vnode"), "no empty line between")
        #expect(ContainerdText.removingBlock(from: block) == text)
        let changed = ContainerdText.removingBlock(from: Lines.of(block).joined(separator: "\r\n"))
        #expect(!changed.contains("BEGIN vnode") && !changed.contains("[b]"))
    }

    @Test func blocksComeAndGo() {
        let with = ContainerdText.adding(block: "[a]\n", to: "x = 1\n")
        #expect(with.hasPrefix("x = 1\n"))
        #expect(ContainerdText.adding(block: "[b]\n", to: with).contains("[a]") == false)
        #expect(ContainerdText.removingBlock(from: with) == "x = 1\n")
        let torn = with.split(separator: "\n").dropLast().joined(separator: "\n")
        #expect(ContainerdText.removingBlock(from: torn) == torn, "a block without its end is left alone")
    }
}
