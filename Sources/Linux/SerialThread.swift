import CLinux
import Glibc
public import SystemPackage

/// A thread that does one job after the other, for what must not be done on a thread that does anything else. It is there while there
/// is something to do, and a second longer.
@safe public final class SerialThread: @unchecked Sendable {
    private final class Job {
        let body: @Sendable () -> Void
        var isStarted = false
        var isDone = false
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private final class Box<Value: Sendable>: @unchecked Sendable {
        var result: Result<Value, Errno>?
    }

    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    /// Under the lock.
    private var jobs: [Job] = []
    private var isRunning = false
    /// Whoever asked for the job that is being done has given up waiting.
    private var isOverdue = false

    /// A thread that is idle for so long ends.
    private static let idle = 1000
    /// What takes no longer is not called slow.
    private static let quick = 5

    public init() {
        unsafe lock = .allocate(capacity: 1)
        unsafe changed = .allocate(capacity: 1)
        unsafe pthread_mutex_init(lock, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(changed, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    /// The thread holds it.
    deinit {
        unsafe pthread_cond_destroy(changed)
        unsafe pthread_mutex_destroy(lock)
        unsafe changed.deallocate()
        unsafe lock.deallocate()
    }

    /// Does `body` on the thread and waits for it. ETIMEDOUT when it, or those before it, take too long: it may still be done then
    /// if it has begun. At once when whoever asked for the one being done has given up: who waits for it is a thread others need.
    /// `whenSlow` is called, once, when it is not done in a moment.
    public func run<Value: Sendable>(
        milliseconds: Int, whenSlow: () -> Void = {}, _ body: @escaping @Sendable () throws(Errno) -> Value
    ) throws(Errno) -> Value {
        let box = Box<Value>()
        let job = Job { box.result = Result { () throws(Errno) in try body() } }
        var end = SerialThread.after(milliseconds: milliseconds)
        var soon = SerialThread.after(milliseconds: min(milliseconds, SerialThread.quick))
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        if isOverdue { throw .timedOut }
        if !isRunning {
            try Threads.start(stack: 256 << 10) { [self] in serve() }
            isRunning = true
        }
        jobs.append(job)
        unsafe pthread_cond_broadcast(changed)
        while !job.isDone {
            if unsafe pthread_cond_timedwait(changed, lock, &soon) == ETIMEDOUT { break }
        }
        if !job.isDone {
            unsafe pthread_mutex_unlock(lock)
            whenSlow()
            unsafe pthread_mutex_lock(lock)
        }
        while !job.isDone {
            guard unsafe pthread_cond_timedwait(changed, lock, &end) == ETIMEDOUT else { continue }
            if job.isDone { break }
            if job.isStarted { isOverdue = true } else { jobs.removeAll { $0 === job } }
            throw .timedOut
        }
        guard let result = box.result else { throw .ioError }
        return try result.get()
    }

    private func serve() {
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        var end = SerialThread.after(milliseconds: SerialThread.idle)
        while true {
            guard let job = jobs.first else {
                guard unsafe pthread_cond_timedwait(changed, lock, &end) == ETIMEDOUT, jobs.isEmpty else { continue }
                // Still under the lock: whoever comes next starts another.
                isRunning = false
                return
            }
            jobs.removeFirst()
            job.isStarted = true
            unsafe pthread_mutex_unlock(lock)
            job.body()
            unsafe pthread_mutex_lock(lock)
            job.isDone = true
            isOverdue = false
            unsafe pthread_cond_broadcast(changed)
            end = SerialThread.after(milliseconds: SerialThread.idle)
        }
    }

    /// CLOCK_MONOTONIC.
    private static func after(milliseconds: Int) -> timespec {
        var end = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &end)
        end.tv_sec += milliseconds / 1000
        end.tv_nsec += milliseconds % 1000 * 1_000_000
        if end.tv_nsec >= 1_000_000_000 {
            end.tv_sec += 1
            end.tv_nsec -= 1_000_000_000
        }
        return end
    }
}
