import OCI
import Testing

@testable import Sandbox

@Suite struct PodKeyTests {
    func annotations(_ pairs: [String: String]) -> JSON {
        ["annotations": .object(Dictionary(uniqueKeysWithValues: pairs.map { ("io.kubernetes.cri." + $0.key, JSON.string($0.value)) }))]
    }

    @Test func podsOfANamespaceShareAVNodeUnlessEachHasItsOwn() throws {
        let spec = annotations(["container-type": "container", "sandbox-id": "ab12", "sandbox-namespace": "shop", "sandbox-uid": "u"])
        let pod = try #require(try PodAnnotations(spec))
        #expect(!pod.isSandbox)
        #expect(PodMode.perNamespace.key(of: pod, container: "c", root: "/r/k8s.io") == PodKey(.namespace, "shop"))
        #expect(PodMode.perPod.key(of: pod, container: "c", root: "/r/k8s.io") == PodKey(.pod, "ab12"))
    }

    @Test func aContainerOfNoPodHasOneToItself() throws {
        #expect(try PodAnnotations([:]) == nil)
        #expect(PodMode.perNamespace.key(of: nil, container: "c", root: "/run/runc/default") == PodKey(.container, "default.c"))
    }

    @Test func halfAPodIsAnError() {
        #expect(throws: Failure.self) { try PodAnnotations(annotations(["container-type": "container", "sandbox-id": "a"])) }
        #expect(throws: Failure.self) {
            try PodAnnotations(annotations(["container-type": "pod", "sandbox-id": "a", "sandbox-namespace": "b"]))
        }
    }

    @Test func listsSayWhoseAVNodeIs() {
        var state = State(
            name: "ns-shop", phase: .kept, creator: ProcessIdentity(pid: 1, startTime: 1), uidBase: 65536, hostname: "a", bootID: "",
            limits: Limits(), cgroup: "/c", created: 0)
        #expect(Summary(state).pods == nil)
        state.pod = PodKey(.namespace, "shop")
        #expect(Summary(state).pods == "namespace shop")
        #expect(Summary(state).pod == PodKey(.namespace, "shop"))
        state.pod = PodKey(.pod, "a\u{1b}[2Jb\n")
        #expect(Summary(state).pods == "pod a[2Jb")
    }

    @Test(arguments: ["shop", "kube-system", "Ünï/..", String(repeating: "a", count: 63), String(repeating: "a", count: 64), ""])
    func namesOfVNodesAreNames(_ value: String) {
        for scope in [PodKey.Scope.namespace, .pod, .container] { #expect(Name.isValid(PodKey(scope, value).vnodeName)) }
    }

    @Test func differentKeysHaveDifferentNames() {
        let long = String(repeating: "a", count: 80)
        let keys = [
            PodKey(.namespace, "a"), PodKey(.pod, "a"), PodKey(.namespace, long), PodKey(.namespace, long + "b"), PodKey(.namespace, "A"),
        ]
        #expect(Set(keys.map(\.vnodeName)).count == keys.count)
        #expect(PodKey(.namespace, "shop").vnodeName == "ns-shop")
    }
}
