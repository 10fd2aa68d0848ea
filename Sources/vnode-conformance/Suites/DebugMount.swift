import Glibc
import Linux
import Tree

/// A running `vnode-fs mount DIR`.
struct DebugMount: Sendable {
    let directory: String
    /// What the user started.
    let program: Program

    func path(_ row: String) -> String { directory + row }

    /// The process that serves; the one the user started only watches over it.
    func server() throws -> Int32 {
        try unwrap(ProcessTable.children(of: program.pid).first?.pid, "a server below process \(program.pid)", got: "none")
    }

    /// CPU numbers of the view.
    func cpus() throws -> CPUSet {
        let text = try Files.text(path("/sys/devices/system/cpu/online"))
        return try unwrap(CPUSet(list: text), "a CPU list in cpu/online", got: text)
    }

    /// Every file the mount lists, with its row.
    func files() throws -> [(row: Row, path: String)] {
        var found: [(row: Row, path: String)] = []
        func walk(_ below: String) throws {
            for entry in try Directories.list(path(below)) {
                let name = below + "/" + entry.name
                switch entry.kind {
                case .directory: try walk(name)
                case .file:
                    let row = Catalog.standard.place(at: name).flatMap { Catalog.standard[$0].row }
                    found.append((try unwrap(row, "a row of the table for \(name)", got: "none"), path(name)))
                case .symlink, .other: continue
                }
            }
        }
        try walk("")
        let paths = Set(found.map { String($0.path.dropFirst(directory.utf8.count)) })
        let missing = Table.rows.filter {
            $0.kind == .file && $0.render != nil && !$0.isOptional && !$0.path.contains("*") && !paths.contains($0.path)
        }
        try expect("rows that have no file:", missing.map(\.path), is: [])
        return found
    }
}

extension Context {
    func mountWords(_ directory: String, _ options: [String] = []) -> [String] { [program("vnode-fs"), "mount", directory] + options }

    /// Runs `body` beside a debug mount. The mount's own end is part of what it may try.
    @discardableResult
    func withDebugMount<Result: Sendable>(
        _ name: String = "mount", bound: Duration = .seconds(300), _ body: @escaping @Sendable (DebugMount) async throws -> Result
    ) async throws -> (Result, Outcome) {
        let directory = try makeDirectory(name)
        return try await withProgram(mountWords(directory), in: self, bound: bound) { program in
            try await program.says("serving")
            let result = try await body(DebugMount(directory: directory, program: program))
            if program.isRunning { try await program.terminate() }
            return result
        }
    }
}
