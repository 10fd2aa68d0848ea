import Glibc
import Linux

/// Begins the names of this run's vNodes.
let conf = "conf\(getpid())"

/// What every check gets: the programs to try and a directory of its own to work in.
struct Context: Sendable {
    /// Directory of the programs.
    let bin: String
    /// Empty when the check starts, removed after it.
    let scratch: String

    func program(_ name: String) -> String { "\(bin)/\(name)" }

    func path(_ name: String) -> String { "\(scratch)/\(name)" }

    func makeDirectory(_ name: String) throws -> String {
        try Directories.makeAll(path(name), mode: 0o755)
        return path(name)
    }

    func launcher(_ arguments: [String], environment: [String: String] = [:], bound: Duration = .seconds(120)) async throws -> Outcome {
        try await command([program("vnode")] + arguments, in: self, environment: environment, bound: bound)
    }

    /// `vnode run OPTIONS -- COMMAND`
    func run(_ arguments: [String], options: [String] = [], bound: Duration = .seconds(120)) async throws -> Outcome {
        try await launcher(["run"] + options + ["--"] + arguments, bound: bound)
    }

    /// Runs a shell script in a vNode of its own. It must run, so that what it does not find is not there, and succeed; what it printed.
    func inside(_ script: String, options: [String] = [], bound: Duration = .seconds(120)) async throws -> String {
        let mark = "conformance: started\n"
        let outcome = try await run(["sh", "-c", "echo conformance: started\n\(script)"], options: options, bound: bound)
        try expect(
            outcome.status == 0 && outcome.output.hasPrefix(mark), "vnode run to run the script and end with status 0", got: outcome.summary
        )
        return String(outcome.output.dropFirst(mark.count))
    }

    /// A program run by somebody who is nobody: a copy, as the directory of the programs may be closed to others.
    func asNobody(_ arguments: [String]) async throws -> Outcome {
        let original = arguments.first ?? ""
        let copy = path("copy-of-" + (original.split(separator: "/").last.map(String.init) ?? ""))
        _ = try await command(["install", "-m", "755", original, copy], in: self).succeeded()
        let user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        return try await command(user + [copy] + arguments.dropFirst(), in: self)
    }
}
