import Synchronization

/// A number for every disk name the daemon has come upon, in that order: what the kernel knows nodes of disks by. None is taken
/// back, so that a number never changes its meaning.
public final class DiskNumbers: Sendable {
    private struct State {
        var names: [String] = []
        var numbers: [String: Int] = [:]
        var keep: (@Sendable ([String]) -> Bool)?
    }

    private let state = Mutex(State())
    /// A node that has made more of them shows no further ones.
    private static let most = 4096

    /// Goes on with the names that `keep` was given before. It is called with all of them, before a number is used; false when
    /// they could not be kept.
    public func goOn(with names: [String], keep: @escaping @Sendable ([String]) -> Bool) {
        state.withLock { state in
            state.names = names
            state.numbers = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
            state.keep = keep
        }
    }

    func number(of name: String) -> Int? {
        state.withLock { state in
            if let known = state.numbers[name] { return known }
            guard state.names.count < DiskNumbers.most, state.keep?(state.names + [name]) != false else { return nil }
            state.numbers[name] = state.names.count
            state.names.append(name)
            return state.names.count - 1
        }
    }
}
