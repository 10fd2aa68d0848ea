import CAdversary
import Glibc

/// Calls that only clean up.
enum Raw {
    /// semctl(2) is variadic.
    static func removeSemaphores(_ id: Int) { call(x86: 66, other: 191, id, 0, 0) }

    static func unlinkQueue(_ name: String) {
        call(x86: 241, other: 181, Kernel.place(Array(name.utf8)))
    }

    private static func call(x86: Int, other: Int, _ arguments: Int...) {
        #if arch(x86_64)
            let number = x86
        #else
            let number = other
        #endif
        let words = arguments + [Int](repeating: 0, count: 6 - arguments.count)
        _ = unsafe cadversary_call(number, words)
    }
}
