import Glibc
import Linux
import Takeover

/// Programs `vnode-fs upgrade` must not fall for: copies of this one, which act as their name says when started as a worker.
enum Impostor: String {
    /// Never greets.
    case silent
    /// Greets with another version.
    case stranger
    /// Greets as it should and ends instead of serving.
    case quitter

    /// A copy that acts so.
    func make(in context: Context) async throws -> String {
        let own = try unwrap(Files.link("/proc/self/exe"), "this program", got: "none")
        if unsafe link(own, context.path(rawValue)) != 0 {
            _ = try await command(["cp", own, context.path(rawValue)], in: context).succeeded()
        }
        return context.path(rawValue)
    }

    /// Returns unless this program has been started in place of `vnode-fs worker`.
    static func actIfCalled() {
        let words = CommandLine.arguments
        guard words.count > 3, words[1] == "worker", words[2] == "--link", let number = CInt(words[3]),
            let name = Files.link("/proc/self/exe")?.split(separator: "/").last
        else { return }
        let link = Link(OwnedFD(taking: number))
        switch Impostor(rawValue: String(name)) {
        case .silent: break
        case .stranger: try? link.send(.hello(version: 999, release: "9.9.9"))
        case .quitter:
            try? link.send(.hello(version: UInt64(SharedMemory.version), release: "9.9.9"))
            while let received = try? link.receive(waiting: true) {
                for descriptor in received.1 { close(descriptor) }
                if received.0 == .go { exit(3) }
            }
        case nil: exit(64)
        }
        while true { pause() }
    }
}
