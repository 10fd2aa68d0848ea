import Glibc

/// Why there is no measurement.
enum Failure: Error, CustomStringConvertible {
    case usage(String)
    case system(stage: String, path: String, errno: CInt)

    var description: String {
        switch self {
        case .usage(let text): return text
        case .system(let stage, let path, let errno):
            guard let text = unsafe strerror(errno) else { return "\(stage) \(path): errno \(errno)" }
            return unsafe "\(stage) \(path): \(String(cString: text))"
        }
    }
}
