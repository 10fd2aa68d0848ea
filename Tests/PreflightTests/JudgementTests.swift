import NodeConfiguration
import Testing

@testable import Preflight

struct JudgementTests {
    private static let dump2 = "disabled_plugins = []\nversion = 2\n\n[plugins]\n  version = 9\n"
    private static let dump3 = "version = 3\ndisabled_plugins = ['io.containerd.snapshotter.v1.zfs']\n\n[plugins]\n"

    private static let bad = Facts(
        kernel: "5.15.0", hasCgroup2: false, cgroup1: [], controllers: [], containerd: nil, kubeletEndpoint: nil, otherSockets: [],
        fuse: .fails("ENOENT"), userNamespace: .fails("EPERM"), mappedOverlay: .notTried("not root"), overlayPlace: "/x",
        timeNamespace: .fails("EINVAL"), seccompActions: [], hasSELinux: true)

    private static let good = Facts(
        kernel: "6.12.117+deb13-cloud-amd64", hasCgroup2: true, cgroup1: [],
        controllers: ["cpuset", "cpu", "io", "memory", "hugetlb", "pids"],
        containerd: Facts.Containerd(
            path: "/usr/bin/containerd", version: "containerd github.com/containerd/containerd 1.7.24~ds1 1.7.24~ds1-6+deb13u1",
            configuration: dump2),
        kubeletEndpoint: nil, otherSockets: [], fuse: .works, userNamespace: .works, mappedOverlay: .works,
        overlayPlace: "/var/lib/containerd", timeNamespace: .works, seccompActions: ["kill_process", "errno", "user_notif", "allow"],
        engineVersion: "runc version 1.1.15+ds1\ncommit: 1.1.15+ds1-2\nspec: 1.0.2-dev\n")

    /// Names of the requirements that are not met after a change.
    private func failing(_ change: (inout Facts) -> Void) -> [String] {
        var facts = JudgementTests.good
        change(&facts)
        return Judgement.findings(facts).filter { !$0.ok }.map(\.name)
    }

    @Test func aGoodNodeHasNothingToDo() {
        let findings = Judgement.findings(JudgementTests.good)
        #expect(findings.allSatisfy { $0.ok && $0.remedy == nil })
        #expect(
            findings.map(\.name) == [
                "kernel", "cgroup-v2", "cgroup-controllers", "fuse", "user-namespaces", "time-namespaces", "id-mapped-overlay",
                "seccomp-notification", "containerd", "cri", "selinux", "engine", "directories", "kubelet",
            ])
    }

    @Test(arguments: [
        ("6.1.0-13-amd64", true), ("6.0.19", false), ("5.15.0-100-generic", false), ("7.0", true), ("10.0.1", true), ("unknown", false),
        ("", false),
    ])
    func kernels(_ release: String, _ ok: Bool) { #expect(Judgement.kernel(release).ok == ok) }

    @Test(arguments: [
        ("containerd containerd.io v2.1.9 abc", true), ("containerd github.com/containerd/containerd/v2 2.1.9+ds1 2.1.9+ds1-5", true),
        ("containerd github.com/containerd/containerd v1.7.0-rc.1 0123", true), ("containerd containerd.io 1.6.33 x", false),
        ("containerd containerd.io 3.0.0 x", false), ("containerd containerd.io 1.8.0 x", false), ("no version at all", false), ("", false),
    ])
    func containerds(_ version: String, _ ok: Bool) {
        #expect(failing { $0.containerd?.version = version } == (ok ? [] : ["containerd"]))
    }

    @Test func everyRequirementCanFail() {
        #expect(failing { $0.hasCgroup2 = false } == ["cgroup-v2"])
        #expect(failing { $0.cgroup1 = ["/sys/fs/cgroup/memory"] } == ["cgroup-v2"])
        #expect(failing { $0.controllers = ["cpu"] } == ["cgroup-controllers"])
        #expect(failing { $0.fuse = .fails("ENOENT") } == ["fuse"])
        #expect(failing { $0.userNamespace = .fails("ENOSPC") } == ["user-namespaces"])
        #expect(failing { $0.timeNamespace = .notTried("needs root") } == ["time-namespaces"])
        #expect(failing { $0.mappedOverlay = .fails("mounting an overlay: EINVAL") } == ["id-mapped-overlay"])
        #expect(failing { $0.seccompActions = [] } == ["seccomp-notification"])
        #expect(failing { $0.containerd = nil } == ["containerd", "cri"])
    }

    @Test(arguments: [
        (dump2, true), (dump3, true), ("version = 1\n", false), ("", false), ("disabled_plugins = [\"cri\"]\nversion = 2\n", false),
        ("disabled_plugins = [\"io.containerd.grpc.v1.cri\"]\nversion = 2\n", false),
        ("version = 3\ndisabled_plugins = ['io.containerd.cri.v1.runtime']\n", false),
    ])
    func configurations(_ dump: String, _ ok: Bool) { #expect(failing { $0.containerd?.configuration = dump } == (ok ? [] : ["cri"])) }

    @Test(arguments: [
        ("runc version 1.3.6\nspec: 1.2.1\n", true), ("runc version 1.0.0~rc93\n", false),
        ("crun version 1.8.1\ncommit: f8a096be\n", false),
        ("crun version 1.21\ncommit: 10\n", true), ("crun version 1.9.0\n", true), ("youki version 0.5.0\n", false), ("", false),
    ])
    func engines(_ said: String, _ ok: Bool) { #expect(failing { $0.engineVersion = said } == (ok ? [] : ["engine"])) }

    @Test func anEngineThatIsNotThere() { #expect(failing { $0.engineVersion = nil } == ["engine"]) }

    @Test func directoriesOfOthers() throws {
        #expect(failing { $0.kubeletDirectory = "/var/lib/k0s/kubelet" } == ["directories"])
        #expect(failing { $0.kubeletDirectory = "/var/lib//kubelet/" } == [])
        #expect(
            failing {
                $0.kubeletDirectory = "/var/lib/k0s/kubelet"
                $0.configured.kubelet = "/var/lib/k0s/kubelet"
            } == [])
        var facts = JudgementTests.good
        facts.containerd?.configuration = "root = '/data/containerd'\nstate = \"/run/containerd\"\nversion = 2\n\n[a]\n  root = '/x'\n"
        let finding = try #require(Judgement.findings(facts).first { !$0.ok })
        #expect(finding.name == "directories" && finding.found == "containerd-root = \"/data/containerd\"")
    }

    @Test(arguments: [(true, true, false), (true, false, true), (false, true, true)])
    func labels(_ isAsked: Bool, _ isOn: Bool, _ ok: Bool) {
        let found = failing {
            $0.containerd?.configuration = "version = 2\n[plugins]\n  enable_selinux = \(isAsked)\n"
            $0.hasSELinux = isOn
        }
        #expect(found == (ok ? [] : ["selinux"]))
    }

    @Test func aConfigurationThatCannotBeDumpedFails() { #expect(failing { $0.containerd?.configuration = nil } == ["cri"]) }

    @Test func otherRuntimes() {
        #expect(failing { $0.kubeletEndpoint = "unix:///run/containerd/containerd.sock" } == [])
        #expect(failing { $0.kubeletEndpoint = "unix:///run/crio/crio.sock" } == ["kubelet"])
        #expect(failing { $0.kubeletEndpoint = "unix:///run/cri-dockerd.sock" } == ["kubelet"])
        #expect(failing { $0.otherSockets = ["/run/crio/crio.sock"] } == ["kubelet"])
        // Where the kubelet says what it uses, what else is installed does not matter.
        #expect(
            failing {
                $0.kubeletEndpoint = "unix:///run/containerd/containerd.sock"
                $0.otherSockets = ["/run/crio/crio.sock"]
            } == [])
        #expect(failing { $0.otherSockets = ["/run/docker.sock"] } == [])
        #expect(
            failing {
                $0.otherSockets = ["/run/docker.sock"]
                $0.containerd?.configuration = "disabled_plugins = [\"cri\"]\nversion = 2\n"
            } == ["cri", "kubelet"])
    }

    @Test func everyLineSaysWhatIsFoundAndNeededAndEveryFailureWhatToDo() {
        for finding in Judgement.findings(JudgementTests.good) + Judgement.findings(JudgementTests.bad) {
            #expect(!finding.found.isEmpty && !finding.needed.isEmpty, "\(finding.name)")
            #expect(finding.ok == (finding.remedy == nil) && finding.remedy != "", "\(finding.name)")
        }
        #expect(Judgement.kernel("6.1.0-30-amd64").found.hasPrefix("6.1.0-30-amd64; before 6.3 secrets"))
        #expect(Judgement.kernel("6.12.1").found == "6.12.1")
    }

    @Test func aFailureSaysWhatToDo() throws {
        var facts = JudgementTests.good
        facts.kubeletEndpoint = "unix:///run/crio/crio.sock"
        let finding = try #require(Judgement.findings(facts).first { $0.name == "kubelet" })
        #expect(finding.found == "cri-o (unix:///run/crio/crio.sock)")
        #expect(finding.remedy?.contains("containerd.sock") == true)
    }
}
