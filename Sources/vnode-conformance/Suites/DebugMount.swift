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

    /// Every file the table gives content, with its path: a `*` stands for each CPU of the view.
    func files() throws -> [(row: Row, path: String)] {
        let cpus = try cpus()
        let rows = Table.rows.filter { $0.kind == .file && $0.render != nil }
        return rows.flatMap { row -> [(row: Row, path: String)] in
            guard row.path.contains("*") else { return [(row, path(row.path))] }
            return cpus.ids.filter { $0 >= row.firstInstance }.map { (row, path(row.path.replacing("*", with: "\($0)"))) }
        }
    }
}

extension Context {
    func mountWords(_ directory: String, _ options: [String] = []) -> [String] { [program("vnode-fs"), "mount", directory] + options }

    /// Runs `body` beside a debug mount. The mount's own end is part of what it may try.
    @discardableResult
    func withDebugMount<Result: Sendable>(
        _ name: String = "mount", _ body: @escaping @Sendable (DebugMount) async throws -> Result
    ) async throws -> (Result, Outcome) {
        let directory = try makeDirectory(name)
        return try await withProgram(mountWords(directory), in: self) { program in
            try await program.says("serving")
            let result = try await body(DebugMount(directory: directory, program: program))
            if program.isRunning { try await program.terminate() }
            return result
        }
    }
}
