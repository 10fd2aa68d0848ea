import CLinux
import Glibc
import Linux
import SystemPackage

/// Finds a program in a staged root filesystem before an engine is asked to run it: a clear answer, and no container for nothing.
enum CommandLookup {
    enum Finding: Equatable {
        case found, notFound, cannotExecute
    }

    static func find(_ command: String, root: String, path: String) throws(Failure) -> Finding {
        let directory = try attempt("opening", root) { () throws(Errno) in try Files.open(root, flags: O_RDONLY | O_DIRECTORY) }
        if command.contains("/") { return look(command, directory) }
        var best = Finding.notFound
        for place in path.split(separator: ":") {
            switch look("\(place)/\(command)", directory) {
            case .found: return .found
            case .cannotExecute: best = .cannotExecute
            case .notFound: continue
            }
        }
        return best
    }

    private static func look(_ path: String, _ root: borrowing OwnedFD) -> Finding {
        guard let file = try? Files.openInside(path, root: root) else { return .notFound }
        var information = stat()
        guard unsafe fstat(file.raw, &information) == 0 else { return .notFound }
        let isProgram = information.st_mode & S_IFMT == S_IFREG && information.st_mode & 0o111 != 0
        return isProgram ? .found : .cannotExecute
    }

    static func check(_ command: [String], root: String) throws(Failure) {
        guard let first = command.first, !first.isEmpty else { throw Failure("no command to run", status: Failure.notFound) }
        switch try find(first, root: root, path: Programs.path) {
        case .found: return
        case .notFound: throw Failure("exec: \"\(first)\": not found", status: Failure.notFound)
        case .cannotExecute: throw Failure("exec: \"\(first)\": permission denied", status: Failure.cannotExecute)
        }
    }
}
