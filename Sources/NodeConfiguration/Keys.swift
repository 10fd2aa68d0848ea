extension NodeConfiguration {
    static let keys = [
        "pods", "engine", "state-dir", "socket", "ids.first", "ids.last", "kubelet-dir", "containerd-root", "containerd-state",
    ]

    /// `name` is where the text is from, for messages.
    public init(parsing text: String, from name: String = "configuration") throws(ConfigurationError) {
        self.init()
        let settings: Settings
        do { settings = try Settings(parsing: text) } catch { throw ConfigurationError("\(name):\(error.line): \(error.reason)") }
        var first = ids.lowerBound
        var last = ids.upperBound
        var lineOfIDs = 0
        for entry in settings.entries {
            let place = "\(name):\(entry.line)"
            switch entry.key {
            case "pods":
                let value = try entry.string(at: place)
                guard let pods = Pods(rawValue: value) else {
                    let known = Pods.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
                    throw ConfigurationError("\(place): pods = \"\(value)\": must be \(known)")
                }
                self.pods = pods
            case "engine":
                engine = try entry.string(at: place)
                guard engine.hasPrefix("/") || !engine.isEmpty && !engine.contains("/") else {
                    throw ConfigurationError("\(place): engine = \"\(engine)\": must be the name of a program in PATH, or an absolute path")
                }
            case "state-dir": stateDirectory = try entry.absolutePath(at: place)
            case "socket":
                socket = try entry.absolutePath(at: place)
                // sun_path has 108 bytes with its NUL.
                guard socket.utf8.count <= 107 else { throw ConfigurationError("\(place): socket: longer than 107 bytes") }
            case "kubelet-dir": kubelet = try entry.plainPath(at: place)
            case "containerd-root": containerdRoot = try entry.plainPath(at: place)
            case "containerd-state": containerdState = try entry.plainPath(at: place)
            case "ids.first":
                first = try entry.id(at: place, sizeBefore: 0)
                lineOfIDs = entry.line
            case "ids.last":
                last = try entry.id(at: place, sizeBefore: 1)
                lineOfIDs = entry.line
            default:
                throw ConfigurationError(
                    "\(place): unknown key \"\(entry.key)\": known are \(NodeConfiguration.keys.joined(separator: ", "))")
            }
        }
        guard first < last else { throw ConfigurationError("\(name):\(lineOfIDs): ids.first is not below ids.last") }
        ids = first...last
    }

    /// `state-dir` of a file of which nothing else needs to make sense, in whatever table it has come to be.
    static func stateDirectoryAlone(parsing text: String, from name: String) throws(ConfigurationError) -> String {
        var found = NodeConfiguration().stateDirectory
        for (index, line) in Lines.of(text).enumerated() where line.contains("state-dir") {
            let place = "\(name):\(index + 1)"
            let settings: Settings
            do { settings = try Settings(parsing: line) } catch { throw ConfigurationError("\(place): \(error.reason)") }
            for entry in settings.entries where entry.key == "state-dir" { found = try entry.absolutePath(at: place) }
        }
        return found
    }
}

extension Settings.Entry {
    fileprivate func string(at place: String) throws(ConfigurationError) -> String {
        guard case .string(let text) = value else { throw ConfigurationError("\(place): \(key) must be a string, not \(value.kind)") }
        guard !text.utf8.contains(0) else { throw ConfigurationError("\(place): \(key) contains NUL") }
        return text
    }

    fileprivate func absolutePath(at place: String) throws(ConfigurationError) -> String {
        let path = try string(at: place)
        guard path.hasPrefix("/"), path != "/" else { throw ConfigurationError("\(place): \(key) = \"\(path)\": must be an absolute path") }
        return path
    }

    /// One that is compared with others: `"/a//b/"` is `/a/b`.
    fileprivate func plainPath(at place: String) throws(ConfigurationError) -> String {
        let path = try absolutePath(at: place)
        let parts = path.split(separator: "/")
        guard !parts.isEmpty, !parts.contains("."), !parts.contains("..") else {
            throw ConfigurationError("\(place): \(key) = \"\(path)\": must be a path without \".\" and \"..\"")
        }
        return parts.map { "/" + $0 }.joined()
    }

    /// First or last id of a range of 65,536. Range 0 is the node's own; the last one holds (uid_t)-1, which is no id.
    fileprivate func id(at place: String, sizeBefore: Int64) throws(ConfigurationError) -> UInt32 {
        guard case .integer(let number) = value else { throw ConfigurationError("\(place): \(key) must be an integer, not \(value.kind)") }
        guard (65536...4_294_901_759).contains(number), (number + sizeBefore).isMultiple(of: 65536), let id = UInt32(exactly: number) else {
            let form = sizeBefore == 0 ? "a multiple of 65536" : "1 less than a multiple of 65536"
            throw ConfigurationError("\(place): \(key) = \(number): must be \(form), from 65536 to 4294901759")
        }
        return id
    }
}
