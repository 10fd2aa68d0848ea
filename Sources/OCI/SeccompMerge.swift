/// One filter made of a container's and of ours: ours decides about the calls it names, and what the container's denies stays denied.
///
/// The kernel would do the same with two filters, but an engine loads one.
public enum SeccompMerge {
    public enum Problem: Error, Equatable {
        /// Its own listener: there can be one only.
        case listener
        case malformed(String)
    }

    /// `container` is `linux.seccomp` of its bundle, nil where it has none; `ours` allows what it does not name.
    public static func merge(_ container: JSON?, with ours: JSON) throws(Problem) -> JSON {
        guard let container, container != .null else { return ours }
        guard container.object != nil, let standard = container["defaultAction"]?.string else { throw .malformed("no defaultAction") }
        guard (container["listenerPath"]?.string ?? "").isEmpty else { throw .listener }
        let rules = try split(container["syscalls"])
        let own = try split(ours["syscalls"])
        let named = Set(own.map(\.name))
        var merged: [JSON] = (container["syscalls"]?.array ?? []).compactMap { without(named, $0) }
        for name in named.sorted() {
            merged += decide(
                name, rules.filter { $0.name == name }, own.filter { $0.name == name }, isAllowed: isAllowing(standard))
        }
        var result = container
        result["syscalls"] = .array(merged)
        for key in ["listenerPath", "listenerMetadata"] { result[key] = ours[key] }
        if (container["architectures"]?.array ?? []).isEmpty { result["architectures"] = ours["architectures"] }
        return result
    }

    private struct Rule {
        var name: String
        var action: String
        var errno: JSON?
        /// nil: comparisons that cannot be reckoned with.
        var set: ArgumentSet?
        var original: JSON
    }

    private static func isAllowing(_ action: String) -> Bool { action == "SCMP_ACT_ALLOW" || action == "SCMP_ACT_LOG" }

    private static func split(_ list: JSON?) throws(Problem) -> [Rule] {
        var rules: [Rule] = []
        for entry in list?.array ?? [] {
            guard let action = entry["action"]?.string, let names = entry["names"]?.array else {
                throw .malformed("a rule without names or action")
            }
            for name in names.compactMap(\.string) {
                rules.append(
                    Rule(name: name, action: action, errno: entry["errnoRet"], set: ArgumentSet(entry["args"]), original: entry))
            }
        }
        return rules
    }

    /// A rule for the calls that ours does not name; nil for no such calls.
    private static func without(_ named: Set<String>, _ entry: JSON) -> JSON? {
        var kept = entry
        let names = (entry["names"]?.array ?? []).filter { !named.contains($0.string ?? "") }
        kept["names"] = .array(names)
        return names.isEmpty ? nil : kept
    }

    private static func decide(_ name: String, _ rules: [Rule], _ own: [Rule], isAllowed: Bool) -> [JSON] {
        let denials = rules.filter { !isAllowing($0.action) }
        let kept = denials.map { rule -> JSON in
            var entry = rule.original
            entry["names"] = [.string(name)]
            return entry
        }
        // One that cannot be reckoned with may deny everything.
        guard denials.allSatisfy({ $0.set != nil && $0.set != .all }) else { return kept }
        let denied = denials.compactMap(\.set)
        // Allowances that cannot be reckoned with are left out.
        let allowed = isAllowed ? [ArgumentSet.all] : rules.filter { isAllowing($0.action) }.compactMap(\.set)
        let open = ArgumentSet.subtract(denied, from: allowed)
        var entries = kept
        for rule in own {
            for set in open { entries += set.intersection(rule.set ?? .all).map { make(name, rule.action, rule.errno, $0) } }
        }
        if isAllowed { return entries }
        let left = ArgumentSet.subtract(own.map { $0.set ?? .all }, from: open)
        return entries + left.map { make(name, "SCMP_ACT_ALLOW", nil, $0) }
    }

    private static func make(_ name: String, _ action: String, _ errno: JSON?, _ set: ArgumentSet) -> JSON {
        var entry: JSON = ["names": [.string(name)], "action": .string(action)]
        entry["errnoRet"] = errno
        entry["args"] = set.json
        return entry
    }
}
