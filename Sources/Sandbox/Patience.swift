import Glibc

/// Ends this process, saying why, when a step that a stuck daemon could hold up for ever takes too long.
enum Patience {
    static func start(seconds: UInt32) {
        signal(SIGALRM) { _ in
            let text: StaticString = "vnode: vnode-fs does not answer: giving up\n"
            _ = unsafe write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
            _exit(125)
        }
        alarm(seconds)
    }

    static func end() { alarm(0) }
}
