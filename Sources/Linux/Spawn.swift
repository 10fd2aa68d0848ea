import CLinux
import Glibc
public import SystemPackage

extension Processes {
    /// Starts a program from a process with threads. `descriptors` become those from `first` on, all others but 0 to 2 are closed.
    /// No signal is blocked or ignored in it.
    public static func spawn(_ path: String, _ arguments: [String], descriptors: [CInt], from first: CInt) throws(Errno) -> Child {
        // None may be where another goes.
        var moved: [CInt] = []
        defer { for descriptor in moved { _ = close(descriptor) } }
        let floor = first + CInt(descriptors.count)
        for descriptor in descriptors { moved.append(try check(clinux_fcntl(descriptor, F_DUPFD_CLOEXEC, CLong(floor)))) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (index, descriptor) in moved.enumerated() {
            let failure = unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, first + CInt(index))
            if failure != 0 { throw Errno(rawValue: failure) }
        }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
        var words: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var pid: pid_t = 0
        let failure = unsafe posix_spawn(&pid, path, &actions, &attributes, &words, environ)
        if failure != 0 { throw Errno(rawValue: failure) }
        do throws(Errno) { return Child(pid: pid, pidfd: try openPidfd(pid)) } catch {
            _ = kill(pid, SIGKILL)
            _ = try? wait(pid)
            throw error
        }
    }
}
