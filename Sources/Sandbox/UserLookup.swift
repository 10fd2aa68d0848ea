import Glibc
import Linux
import OCI
import SystemPackage

/// Who a container's process is, by its own `/etc/passwd` and `/etc/group`.
enum UserLookup {
    struct Found: Equatable {
        var user: OCI.Process.User
        /// From passwd; nil for a user that is not in it.
        var home: String?
    }

    /// `root` is the staged root filesystem.
    static func find(_ text: String, root: String) throws(Failure) -> Found {
        try find(text, passwd: read("/etc/passwd", root), group: read("/etc/group", root))
    }

    static func find(_ text: String, passwd: String, group: String) throws(Failure) -> Found {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.first, !name.isEmpty, parts.last != "" else { throw Failure("--user \(text): not USER or USER:GROUP") }
        let users = rows(passwd, columns: 7)
        let number = IDPool.number(Substring(name))
        let entry = users.first { String($0[0]) == name } ?? number.flatMap { number in users.first { IDPool.number($0[2]) == number } }
        guard let uid = entry.flatMap({ IDPool.number($0[2]) }) ?? number else {
            throw Failure("--user \(text): no user \"\(name)\" in the container's /etc/passwd")
        }
        let home = entry.map { String($0[5]) }
        let groups = rows(group, columns: 4)
        if parts.count == 2 {
            let wanted = parts[1]
            guard
                let gid = groups.first(where: { String($0[0]) == wanted }).flatMap({ IDPool.number($0[2]) })
                    ?? IDPool.number(Substring(wanted))
            else {
                throw Failure("--user \(text): no group \"\(wanted)\" in the container's /etc/group")
            }
            return try checked(Found(user: OCI.Process.User(uid: uid, gid: gid), home: home), text)
        }
        let more = entry.map { entry in
            groups.filter { $0[3].split(separator: ",").contains(entry[0]) }.compactMap { IDPool.number($0[2]) }
        }
        let gid = entry.flatMap { IDPool.number($0[3]) } ?? 0
        return try checked(
            Found(user: OCI.Process.User(uid: uid, gid: gid, additionalGids: more.flatMap { $0.isEmpty ? nil : $0 }), home: home), text)
    }

    private static func rows(_ text: String, columns: Int) -> [[Substring]] {
        text.split(separator: "\n").map { $0.split(separator: ":", omittingEmptySubsequences: false) }.filter { $0.count >= columns }
    }

    /// A vNode has 65,536 ids; the last is (uint16_t)-1, which is one.
    private static func checked(_ found: Found, _ text: String) throws(Failure) -> Found {
        let ids = [found.user.uid, found.user.gid] + (found.user.additionalGids ?? [])
        guard ids.allSatisfy({ $0 < IDRange.size }) else { throw Failure("--user \(text): ids of a vNode are 0 to \(IDRange.size - 1)") }
        return found
    }

    /// A plain file of the container's root; what is none says nothing.
    private static func read(_ path: String, _ root: String) -> String {
        guard let directory = try? Files.open(root, flags: O_RDONLY | O_DIRECTORY), let place = try? Files.openInside(path, root: directory)
        else { return "" }
        var status = stat()
        guard unsafe fstat(place.raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return "" }
        return String(decoding: (try? Files.read("/proc/self/fd/\(place.raw)")) ?? [], as: UTF8.self)
    }
}
