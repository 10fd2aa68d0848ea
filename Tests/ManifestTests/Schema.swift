import Foundation
import Yams

/// Fields of the API's kinds, from its published definitions (`Tests/Manifests/fields`).
struct Schema: Decodable {
    let kinds: [String: String]
    let messages: [String: [String: String]]

    static func load() throws -> Schema {
        try JSONDecoder().decode(Schema.self, from: Data(contentsOf: repository.appending(path: "fixtures/kubernetes/fields.json")))
    }

    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// What is wrong with a document, by path; nothing for a good one.
    func problems(_ document: Node) -> [String] {
        guard let version = document["apiVersion"]?.string, let kind = document["kind"]?.string else { return ["no apiVersion or kind"] }
        guard let message = kinds["\(version) \(kind)"] else { return ["\(version) \(kind) is no kind known here"] }
        return problems(document, message, at: kind)
    }

    private func problems(_ node: Node, _ type: String, at path: String) -> [String] {
        if type.hasPrefix("list ") {
            guard case .sequence(let items) = node else { return ["\(path) must be a list"] }
            return items.enumerated().flatMap { problems($1, String(type.dropFirst(5)), at: "\(path)[\($0)]") }
        }
        if type.hasPrefix("map ") {
            guard case .mapping(let pairs) = node else { return ["\(path) must be a map"] }
            return pairs.flatMap { problems($1, String(type.dropFirst(4)), at: "\(path).\($0.string ?? "?")") }
        }
        if let fields = messages[type] {
            guard case .mapping(let pairs) = node else { return ["\(path) must be a map"] }
            return pairs.flatMap { key, value in
                guard let name = key.string, let type = fields[name] else { return ["\(path) has no field \(key.string ?? "?")"] }
                return problems(value, type, at: "\(path).\(name)")
            }
        }
        return isScalar(node, type) ? [] : ["\(path) must be \(type)"]
    }

    private func isScalar(_ node: Node, _ type: String) -> Bool {
        if type == "any" { return true }
        guard case .scalar = node else { return false }
        // What YAML takes for a number or a boolean is no string to the API server.
        let isText = node.tag.description.hasSuffix(":str")
        switch type {
        case "string": return isText
        case "bool": return node.bool != nil && !isText
        case "int": return node.int != nil && !isText
        case "double": return node.float != nil && !isText
        case "int-or-string": return true
        case "quantity": return node.string?.wholeMatch(of: /\d+(\.\d+)?(m|k|Ki|M|Mi|G|Gi)?/) != nil
        default: return false
        }
    }
}
