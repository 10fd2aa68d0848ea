/// What an overlay is made of, as the options of a mount table have it.
struct OverlayLayers: Equatable {
    /// The topmost first, as `lowerdir` has them.
    var lower: [String]
    /// nil for one that cannot be written to.
    var upper: String?
    var work: String?
    /// That say how layers are to be read: `metacopy=on`, `volatile`.
    var options: [String] = []
    /// The label SELinux gives all files (`context=`).
    var isLabelled = false

    var isVolatile: Bool { options.contains("volatile") }

    private static let kept = ["metacopy=", "redirect_dir=", "userxattr", "volatile", "xino="]

    /// As the superblock's options have it. Relative lower layers, which containerd makes of long lists, lie where the upper one's
    /// directory does.
    init?(options: String) {
        var lower: [String] = []
        for option in OverlayLayers.split(options, at: ",") {
            let value = { (name: String) in option.hasPrefix(name + "=") ? OverlayLayers.plain(option.dropFirst(name.count + 1)) : nil }
            if option.hasPrefix("lowerdir=") {
                lower = OverlayLayers.split(String(option.dropFirst("lowerdir=".count)), at: ":").map { OverlayLayers.plain($0[...]) }
            } else if let path = value("lowerdir+") {
                lower.append(path)
            } else if let path = value("upperdir") {
                upper = path
            } else if let path = value("workdir") {
                work = path
            } else if option == "fsync=volatile" {
                // As Linux 6.18 says it.
                self.options.append("volatile")
            } else if OverlayLayers.kept.contains(where: { option == $0 || $0.hasSuffix("=") && option.hasPrefix($0) }) {
                self.options.append(option)
            } else if option.hasPrefix("context=") {
                isLabelled = true
            }
        }
        guard !lower.isEmpty else { return nil }
        let base = upper.map { $0.split(separator: "/").dropLast(2).map { "/" + $0 }.joined() } ?? ""
        self.lower = lower.map { $0.hasPrefix("/") ? $0 : "\(base)/\($0)" }
    }

    /// Splits at a character that no backslash is before.
    private static func split(_ text: String, at separator: Character) -> [String] {
        var parts = [""]
        var isEscaped = false
        for character in text {
            if character == separator, !isEscaped {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
            isEscaped = character == "\\" && !isEscaped
        }
        return parts
    }

    /// Without the backslashes of an option.
    private static func plain(_ text: Substring) -> String {
        var plain = ""
        var isEscaped = false
        for character in text {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                plain.append(character)
                isEscaped = false
            }
        }
        return plain
    }
}
