import Glibc
import Linux
import OCI
import SystemPackage

/// The directory containerd has prepared for a container.
struct Bundle {
    let directory: String
    let spec: JSON

    init(_ path: String) throws(Failure) {
        guard let bytes = unsafe realpath(path, nil) else { throw Failure("opening the bundle", path, Errno(rawValue: errno)) }
        defer { unsafe free(bytes) }
        directory = unsafe String(cString: bytes)
        let file = directory + "/config.json"
        let content = try Bundle.read(file, "reading the bundle")
        do { spec = try JSON(content) } catch { throw Failure("reading the bundle: \(file): not JSON, or nested too deeply") }
    }

    /// Bytes of a document that is staged: what is staged for a container is memory of the node, 8 MiB at most.
    static let longest = 4 << 20

    static func read(_ path: String, _ stage: String) throws(Failure) -> [UInt8] {
        do { return try Files.read(path, limit: longest) } catch {
            throw Failure(stage, path, error, remedy: error == .fileTooLarge ? "longer than \(longest >> 20) MiB" : nil)
        }
    }

    func path(_ path: String) -> String { path.hasPrefix("/") ? path : "\(directory)/\(path)" }

    /// containerd's shim reads from the bundle whether the container has a PID namespace of its own, with which all of it would end.
    /// It has not: the shim must end what is left of it.
    func sharePIDNamespace(_ path: String) throws(Failure) {
        guard var namespaces = spec["linux"]?["namespaces"]?.array,
            let index = namespaces.firstIndex(where: { $0["type"]?.string == "pid" && ($0["path"]?.string ?? "").isEmpty })
        else { return }
        namespaces[index]["path"] = .string(path)
        var changed = spec
        changed["linux"]?["namespaces"] = .array(namespaces)
        let bytes: [UInt8]
        do { bytes = try changed.bytes() } catch { throw Failure("writing the bundle: \(error)") }
        try Bundle.replace(directory + "/config.json", by: bytes)
    }

    static func replace(_ path: String, by text: String) throws(Failure) { try replace(path, by: Array(text.utf8)) }

    /// All or nothing.
    static func replace(_ path: String, by bytes: [UInt8]) throws(Failure) {
        try attempt("writing", path) { () throws(Errno) in
            let new = path + ".new"
            let file = try Files.open(new, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
            try Files.write(bytes, to: file)
            _ = try check(unsafe rename(new, path))
        }
    }
}
