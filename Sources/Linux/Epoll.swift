import CLinux
import Glibc
public import SystemPackage

/// Waiting for many descriptors, each known by a key of the caller's.
public struct Epoll: ~Copyable, Sendable {
    private let descriptor: OwnedFD

    public init() throws(Errno) {
        descriptor = OwnedFD(taking: try check(epoll_create1(CInt(EPOLL_CLOEXEC))))
    }

    /// Reports `key` as long as `watched` is readable or has hung up.
    public borrowing func add(_ watched: CInt, key: UInt64) throws(Errno) {
        var event = unsafe epoll_event()
        unsafe event.events = EPOLLIN.rawValue
        unsafe event.data.u64 = key
        _ = try check(unsafe epoll_ctl(descriptor.raw, EPOLL_CTL_ADD, watched, &event))
    }

    /// Reports `key` once, to one waiter, and then not before `again`.
    public borrowing func addOnce(_ watched: CInt, key: UInt64) throws(Errno) {
        try control(EPOLL_CTL_ADD, watched, key)
    }

    /// Reports `key` each time something urgent happens to `watched`, and once when it has hung up.
    public borrowing func addUrgent(_ watched: CInt, key: UInt64) throws(Errno) {
        var event = unsafe epoll_event()
        unsafe event.events = EPOLLPRI.rawValue | EPOLLET.rawValue
        unsafe event.data.u64 = key
        _ = try check(unsafe epoll_ctl(descriptor.raw, EPOLL_CTL_ADD, watched, &event))
    }

    /// Reports a descriptor added with `addOnce` once more; at once if it is readable.
    public borrowing func again(_ watched: CInt, key: UInt64) throws(Errno) {
        try control(EPOLL_CTL_MOD, watched, key)
    }

    private borrowing func control(_ operation: CInt, _ watched: CInt, _ key: UInt64) throws(Errno) {
        var event = unsafe epoll_event()
        unsafe event.events = EPOLLIN.rawValue | EPOLLONESHOT.rawValue
        unsafe event.data.u64 = key
        _ = try check(unsafe epoll_ctl(descriptor.raw, operation, watched, &event))
    }

    /// Reports a descriptor added with `add` as long as it is writable, or readable again. Hanging up is always reported.
    public borrowing func setWriting(_ isWriting: Bool, _ watched: CInt, key: UInt64) throws(Errno) {
        var event = unsafe epoll_event()
        unsafe event.events = isWriting ? EPOLLOUT.rawValue : EPOLLIN.rawValue
        unsafe event.data.u64 = key
        _ = try check(unsafe epoll_ctl(descriptor.raw, EPOLL_CTL_MOD, watched, &event))
    }

    /// Readable when something in it is ready: for another epoll.
    public var raw: CInt { descriptor.raw }

    /// Only needed while other descriptors of the same open file exist; close(2) does it otherwise.
    public borrowing func remove(_ watched: CInt) {
        _ = epoll_ctl(descriptor.raw, EPOLL_CTL_DEL, watched, nil)
    }

    /// The key of one ready descriptor; nil after `milliseconds` (-1: never) or a signal. Ready ones take turns.
    public borrowing func wait(milliseconds: CInt = -1) -> UInt64? {
        var event = unsafe epoll_event()
        return unsafe epoll_wait(descriptor.raw, &event, 1, milliseconds) == 1 ? unsafe event.data.u64 : nil
    }
}
