public import NodeConfiguration

/// How pods are put into vNodes, into the node's configuration: a DaemonSet has an environment, containerd on the node another.
public enum ModeInstall {
    /// Answers which files it changed. The rest of the file stays as it is.
    public static func install(_ pods: NodeConfiguration.Pods, into path: String) throws(InstallError) -> [String] {
        let text = setting(pods, in: FileChange.text(path) ?? "")
        do { _ = try NodeConfiguration(parsing: text, from: path) } catch { throw InstallError("\(error)") }
        var change = FileChange()
        try change.set(path, Array(text.utf8))
        return change.changed
    }

    static func setting(_ pods: NodeConfiguration.Pods, in text: String) -> String {
        let wanted = "pods = \"\(pods.rawValue)\""
        var lines = Lines.of(text)
        let top = lines.prefix { !$0.drop(while: \.isWhitespace).hasPrefix("[") }
        let place = top.firstIndex { line in
            let parts = line.split(separator: "=", maxSplits: 1)
            return parts.count == 2 && parts[0].split(whereSeparator: \.isWhitespace) == ["pods"]
        }
        guard let place else { return wanted + "\n" + text }
        // A line that says so already keeps its comment.
        if (try? NodeConfiguration(parsing: lines[place]))?.pods != pods {
            lines[place] = wanted + (lines[place].utf8.last == 0x0d ? "\r" : "")
        }
        return lines.joined(separator: "\n")
    }
}
