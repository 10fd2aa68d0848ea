/// Where an engine puts a container: `linux.cgroupsPath`, as the cgroupfs and as the systemd driver understand it.
struct CgroupsPath: Equatable {
    /// What the engine is told.
    var told: String
    /// Below the root of cgroup2, beginning with `/`.
    var directory: String

    /// What is above it: the pod's.
    var top: String {
        guard let slash = directory.lastIndex(of: "/"), slash != directory.startIndex else { return "/" }
        return String(directory[..<slash])
    }

    /// `vnode` is where a container goes that says nothing.
    init(_ text: String, isSystemd: Bool, vnode: String, container: String) throws(Failure) {
        // Nothing is split here that the kernel would not: a combining mark makes one Character with the / before it.
        guard text.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) else {
            throw Failure("linux.cgroupsPath: \"\(text)\" is not of printable ASCII characters")
        }
        guard isSystemd else {
            let path = text.isEmpty ? "\(vnode)/\(Cgroup.leaf(container))" : text
            let parts = path.split(separator: "/")
            guard !parts.isEmpty, !parts.contains(".."), !parts.contains(".") else {
                throw Failure("linux.cgroupsPath: \"\(text)\" is no path of a cgroup")
            }
            directory = "/" + parts.joined(separator: "/")
            told = directory
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts.allSatisfy({ !$0.contains("/") && !$0.contains("..") }), !parts[2].isEmpty else {
            throw Failure("linux.cgroupsPath: \"\(text)\": with the systemd driver it must be slice:prefix:name")
        }
        told = text
        let slice = try CgroupsPath.expand(parts[0].isEmpty ? "system.slice" : parts[0])
        let unit = parts[2].hasSuffix(".slice") ? parts[2] : (parts[1].isEmpty ? parts[2] : parts[1] + "-" + parts[2]) + ".scope"
        directory = slice + "/" + unit
    }

    /// `a-b.slice` is `/a.slice/a-b.slice`.
    private static func expand(_ slice: String) throws(Failure) -> String {
        if slice == "-.slice" { return "" }
        let parts = slice.dropLast(".slice".count).split(separator: "-", omittingEmptySubsequences: false)
        guard slice.hasSuffix(".slice"), !parts.isEmpty, parts.allSatisfy({ !$0.isEmpty }) else {
            throw Failure("linux.cgroupsPath: \"\(slice)\" is no slice")
        }
        return (1...parts.count).map { "/" + parts[..<$0].joined(separator: "-") + ".slice" }.joined()
    }
}
