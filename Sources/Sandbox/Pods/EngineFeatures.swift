import Linux
import OCI
import SystemPackage

/// `features`: what an engine can do (features.md of the OCI runtime specification), less what a pod in a vNode cannot have. containerd
/// tells the kubelet, which sends pods accordingly.
enum EngineFeatures {
    static func answer(_ engine: borrowing Engine) throws(Failure) -> Int32 {
        let path = engine.path
        let ended = try attempt("running the engine", path) { () throws(Errno) in
            try ProgramOutput.of([path, "features"])
        }
        guard ended.status == 0 else {
            // crun before 1.8.6 knows no such command.
            let said = ended.errors.isEmpty ? "no word" : ended.errors
            throw Failure("running the engine: \(engine.name) features: status \(ended.status): \(said)")
        }
        do {
            let own = try JSON(Array(ended.output.utf8))
            print(String(decoding: try rewritten(own).bytes(pretty: true), as: UTF8.self))
        } catch { throw Failure("running the engine: \(engine.name) features: \(error)") }
        return 0
    }

    /// Hooks are refused; so are user namespaces of a pod's own (`hostUsers: false`), which containerd offers where mounts can be ID-mapped.
    static func rewritten(_ own: JSON) -> JSON {
        var features = own
        if features["hooks"] != nil { features["hooks"] = [] }
        if let options = features["mountOptions"]?.array {
            features["mountOptions"] = .array(options.filter { !["idmap", "ridmap"].contains($0.string) })
        }
        if features["linux"]?["mountExtensions"]?["idmap"] != nil {
            features["linux"]?["mountExtensions"]?["idmap"] = ["enabled": .bool(false)]
        }
        return features
    }
}
