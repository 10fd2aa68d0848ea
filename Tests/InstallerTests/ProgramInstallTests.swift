import Glibc
import Installer
import Linux
import Testing

struct ProgramInstallTests {
    private func node() throws -> FakeNode {
        let node = try FakeNode()
        try Directories.make(node.path("built"))
        for name in ProgramInstall<FakeNode>.programs { try node.write("program \(name)", to: "built/\(name)") }
        return node
    }

    private func installer(_ node: FakeNode) -> ProgramInstall<FakeNode> {
        ProgramInstall(node: node, from: node.path("built"), directory: node.path("bin"), unit: node.path("vnode-fs.service"))
    }

    @Test func programsAndUnitComeAndGo() throws {
        let node = try node()
        #expect(try installer(node).install(start: true).count == 5)
        #expect(node.text("bin/vnode-runtime") == "program vnode-runtime")
        #expect(unsafe access(node.path("bin/vnode-runtime"), X_OK) == 0)
        #expect(node.text("vnode-fs.service")?.contains("ExecStart=\(node.path("bin"))/vnode-fs serve") == true)
        #expect(node.ran.contains("systemctl enable --now vnode-fs"))
        #expect(try installer(node).install(start: true) == [])
        #expect(!node.ran.contains("systemctl reload vnode-fs"))
        try node.write("program new", to: "built/vnode-fs")
        #expect(try installer(node).install(start: true) == [node.path("bin/vnode-fs")])
        #expect(node.ran.last == "systemctl reload vnode-fs")
        #expect(try installer(node).uninstall(stop: true).count == 5)
        #expect(node.text("vnode-fs.service") == nil)
        #expect(try Directories.list(node.path("bin")).isEmpty)
    }

    @Test func withoutAllProgramsNothingIsInstalled() throws {
        let node = try node()
        #expect(unsafe unlink(node.path("built/vnode-runtime")) == 0)
        #expect(throws: InstallError.self) { try installer(node).install(start: true) }
        #expect(try Directories.list(node.path("bin")).isEmpty)
        #expect(node.ran.isEmpty)
    }

    @Test func whatSystemdRefusesIsTakenBack() throws {
        let node = try node()
        node.failing = ["systemctl enable --now vnode-fs"]
        #expect(throws: InstallError.self) { try installer(node).install(start: true) }
        #expect(try Directories.list(node.path("bin")).isEmpty)
        #expect(node.text("vnode-fs.service") == nil)
        #expect(node.ran.suffix(2) == ["systemctl disable --now vnode-fs", "systemctl daemon-reload"])
        node.failing = []
        #expect(try installer(node).install(start: true).count == 5)

        node.failing = ["systemctl reload vnode-fs"]
        try node.write("program new", to: "built/vnode-fs")
        #expect(throws: InstallError.self) { try installer(node).install(start: true) }
        #expect(node.text("bin/vnode-fs") == "program vnode-fs")
        #expect(!node.ran.suffix(2).contains("systemctl disable --now vnode-fs"), "one that serves goes on")
        node.failing = []
        #expect(try installer(node).install(start: true) == [node.path("bin/vnode-fs")])
        #expect(node.ran.last == "systemctl reload vnode-fs")
    }

    @Test func aUnitThatSystemdHasNotReadIsReadAgain() throws {
        let node = try node()
        _ = try installer(node).install(start: false)
        node.needsDaemonReload = true
        #expect(try installer(node).install(start: true) == [])
        #expect(node.ran.contains("systemctl daemon-reload"))
    }

    @Test func theUnitIsTheOneOfManifests() throws {
        let source = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let manifest = String(decoding: try Files.read("/\(source)/manifests/vnode-fs.service"), as: UTF8.self)
        #expect(UnitFile.text(programs: "/usr/local/bin") == manifest)
    }
}
