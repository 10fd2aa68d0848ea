import Glibc
import Linux

/// The identifiers of the machine the audit runs on.
public enum NodeIdentifiers {
    public static func gather(root: String = "") -> [Identifier] {
        var found: [Identifier] = []
        func add(_ name: String, _ value: String) { if isTelling(value) { found.append(Identifier(name: name, value: value)) } }
        func file(_ path: String) -> String { trimmed((try? Files.read(root + path)) ?? []) }

        add("boot id", file("/proc/sys/kernel/random/boot_id"))
        add("machine id", file("/etc/machine-id"))
        let hostname = file("/proc/sys/kernel/hostname")
        if !["localhost", "(none)"].contains(hostname) { found.append(Identifier(name: "hostname", value: hostname)) }
        for name in dmi { add("dmi " + name, file("/sys/class/dmi/id/" + name)) }
        for name in names(root + "/sys/class/net") { add("address of " + name, file("/sys/class/net/\(name)/address")) }
        for disk in names(root + "/sys/block") {
            for name in ["serial", "device/serial", "wwid", "device/wwid", "device/vpd_pg80"] {
                add("serial of " + disk, file("/sys/block/\(disk)/\(name)"))
            }
        }
        for kind in ["uuid", "partuuid", "id", "label"] {
            for name in names(root + "/dev/disk/by-" + kind) { add("disk by " + kind, name) }
        }
        let commandLine = file("/proc/cmdline")
        add("kernel command line", commandLine)
        for token in commandLine.split(separator: " ") where isUUID(token) || token.hasPrefix("root=") {
            add("kernel command line", String(token))
            for part in token.split(separator: "=") where isUUID(part) { add("kernel command line", String(part)) }
        }
        for path in MountSources.paths(file("/proc/self/mountinfo")) { found.append(Identifier(name: "mount of the node", value: path)) }
        return found
    }

    static let dmi = [
        "product_uuid", "product_serial", "product_name", "product_version", "product_sku", "product_family", "board_serial",
        "board_name", "board_asset_tag", "chassis_serial", "chassis_asset_tag", "bios_version", "bios_date",
    ]

    /// What boards say that nobody has named, and what is on too many machines to tell one.
    static func isTelling(_ value: String) -> Bool {
        let plain = value.lowercased()
        if plain.utf8.count < 6
            || ["none", "default", "filled", "not specified", "unknown", "not applicable"].contains(where: plain.contains)
        {
            return false
        }
        // 00:00:00:00:00:00, 0123456789
        return !plain.utf8.allSatisfy { !isLetterOrDigit($0) || $0 == 0x30 } && !"0123456789".hasPrefix(plain)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) }

    static func isUUID(_ text: Substring) -> Bool {
        let tail = text.suffix(36)
        return tail.count == 36 && tail.enumerated().allSatisfy { [8, 13, 18, 23].contains($0) ? $1 == "-" : $1.isHexDigit }
    }

    private static func names(_ directory: String) -> [String] { ((try? Directories.list(directory)) ?? []).map(\.name).sorted() }

    private static func trimmed(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes.map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self)
        let start = text.drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}

/// Paths and devices of a mount table that other machines do not have.
enum MountSources {
    /// From the content of a `mountinfo`: roots of binds, mount points, sources and lower layers, without those that every machine has.
    static func paths(_ mountinfo: String) -> [String] {
        var found: [String] = []
        var seen: Set<String> = []
        for line in mountinfo.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 6, let dash = fields.firstIndex(of: "-"), fields.count > dash + 3 else { continue }
            var candidates = [fields[3], fields[4], fields[dash + 2]]
            for option in fields[dash + 3].split(separator: ",") {
                let value = option.split(separator: "=", maxSplits: 1)
                if value.count == 2, ["lowerdir", "upperdir", "workdir"].contains(value[0]) {
                    candidates += value[1].split(separator: ":")
                }
            }
            for path in candidates where isTelling(path) && seen.insert(String(path)).inserted { found.append(String(path)) }
        }
        return found
    }

    private static let everywhere: Set<String> = [
        "/dev/fuse", "/dev/shm", "/dev/pts", "/dev/mqueue", "/dev/hugepages", "/dev/console", "/dev/null", "/dev/zero", "/dev/full",
        "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx", "/run/lock", "/run/user", "/run/shm", "/var/lib", "/var/log", "/var/tmp",
        "/var/run", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/boot/efi", "/usr/lib", "/usr/bin", "/usr/local", "/null",
    ]

    private static func isTelling(_ path: Substring) -> Bool {
        guard path.hasPrefix("/"), path.utf8.count >= IdentifierSearch.shortest + 1, !everywhere.contains(String(path)) else {
            return false
        }
        let parts = path.split(separator: "/")
        return parts.count > 1 && parts[0] != "proc" && parts[0] != "sys"
    }
}
