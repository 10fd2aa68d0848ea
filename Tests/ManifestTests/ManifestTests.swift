import Foundation
import Testing
import Yams

struct ManifestTests {
    private func documents(_ name: String) throws -> [Node] {
        let text = try String(contentsOf: Schema.repository.appending(path: "manifests/\(name)"), encoding: .utf8)
        return try Array(Yams.compose_all(yaml: text))
    }

    private static var names: [String] {
        let place = Schema.repository.appending(path: "manifests").path
        return (try? FileManager.default.subpathsOfDirectory(atPath: place))?.filter { $0.hasSuffix(".yaml") }.sorted() ?? []
    }

    @Test func allAreHere() {
        #expect(
            ManifestTests.names == [
                "admission.yaml", "daemonset.yaml", "namespace.yaml", "optional/no-host-network.yaml", "rbac.yaml", "runtimeclass.yaml",
            ])
    }

    @Test(arguments: names) func everyFieldIsOneOfTheAPI(_ name: String) throws {
        let schema = try Schema.load()
        let documents = try documents(name)
        #expect(!documents.isEmpty)
        for document in documents { #expect(schema.problems(document) == []) }
    }

    @Test(arguments: [
        ("apiVersion: v1\nkind: Namespace\nmetadata: {nam: x}\n", "Namespace.metadata has no field nam"),
        ("apiVersion: v2\nkind: Namespace\n", "v2 Namespace is no kind known here"),
        ("apiVersion: v1\nkind: Namespace\nmetadata: {name: true}\n", "Namespace.metadata.name must be string"),
        ("apiVersion: v1\nkind: Namespace\nmetadata: {labels: [a]}\n", "Namespace.metadata.labels must be a map"),
        ("apiVersion: apps/v1\nkind: DaemonSet\nspec: {minReadySeconds: soon}\n", "DaemonSet.spec.minReadySeconds must be int"),
        (
            "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\noverhead: {podFixed: {memory: much}}\n",
            "RuntimeClass.overhead.podFixed.memory must be quantity"
        ),
    ])
    func theSchemaFindsMistakes(_ text: String, _ problem: String) throws {
        let document = try #require(try Yams.compose(yaml: text))
        #expect(try Schema.load().problems(document) == [problem])
    }

    @Test func theDaemonSetSelectsItsPodsAndNamesOneAccount() throws {
        let daemonSet = try #require(documents("daemonset.yaml").first)
        #expect(daemonSet["spec"]?["selector"]?["matchLabels"] == daemonSet["spec"]?["template"]?["metadata"]?["labels"])
        let account = try #require(documents("rbac.yaml").first)
        #expect(daemonSet["spec"]?["template"]?["spec"]?["serviceAccountName"] == account["metadata"]?["name"])
        let namespace = try documents("namespace.yaml").first?["metadata"]?["name"]
        #expect(daemonSet["metadata"]?["namespace"] == namespace)
        #expect(account["metadata"]?["namespace"] == namespace)
        let containers = daemonSet["spec"]?["template"]?["spec"]?["initContainers"]?.sequence.map(Array.init) ?? []
        let variables = containers.flatMap { $0["env"]?.sequence.map(Array.init) ?? [] }
        #expect(variables.compactMap { $0["name"]?.string } == ["VNODE_PER_POD"])
        #expect(["true", "false"].contains(variables.first?["value"]?.string))
        #expect(daemonSet["spec"]?["template"]?["spec"]?["automountServiceAccountToken"]?.bool == false)
    }

    @Test func nobodyHasARole() throws {
        let kinds = try ManifestTests.names.flatMap { try documents($0) }.compactMap { $0["kind"]?.string }
        #expect(!kinds.contains { $0.contains("Role") })
    }

    @Test func theRuntimeClassNamesTheHandlerAndWhatItCosts() throws {
        let runtimeClass = try #require(documents("runtimeclass.yaml").first)
        #expect(runtimeClass["handler"]?.string == "vnode")
        #expect(runtimeClass["overhead"]?["podFixed"]?["memory"]?.string != nil)
    }

    @Test(arguments: [("admission.yaml", ["p.hostPort", "p.hostIP"]), ("optional/no-host-network.yaml", ["spec.hostNetwork"])])
    func policiesAreBoundAndDeny(_ name: String, _ fields: [String]) throws {
        let documents = try documents(name)
        try #require(documents.count == 2)
        #expect(documents[1]["spec"]?["policyName"] == documents[0]["metadata"]?["name"])
        #expect(documents[1]["spec"]?["validationActions"]?.sequence.map { $0.map(\.string) } == ["Deny"])
        #expect(documents[0]["spec"]?["failurePolicy"]?.string == "Fail")
        let expressions = documents[0]["spec"]?["validations"]?.sequence.map { $0.compactMap { $0["expression"]?.string } } ?? []
        for field in fields { #expect(expressions.contains { $0.contains(field) }, "\(field)") }
        for expression in expressions { #expect(expression.filter { $0 == "(" }.count == expression.filter { $0 == ")" }.count) }
    }
}
