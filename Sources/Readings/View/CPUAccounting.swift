import Text
import Tree

/// Splits a cgroup's CPU time over the view's CPUs. cgroup v2 keeps none by CPU; what matters to top and its like is that the sum
/// is right, that busy and idle add up to the time that passed, and that no counter ever goes back, whatever CPUs come and go.
struct CPUAccounting {
    /// Microseconds as in cpu.stat.
    struct Usage: Equatable {
        var user: UInt64 = 0
        var nice: UInt64 = 0
        var system: UInt64 = 0
        var throttled: UInt64 = 0

        init() {}

        fileprivate init(_ numbers: ArraySlice<UInt64>) {
            let numbers = Array(numbers)
            (user, nice, system, throttled) = (numbers[0], numbers[1], numbers[2], numbers[3])
        }

        /// user_usec counts niced time too.
        init(_ stat: FlatKeyed) {
            nice = stat["nice_usec"] ?? 0
            user = (stat["user_usec"] ?? 0).minus(nice)
            system = stat["system_usec"] ?? 0
            throttled = stat["throttled_usec"] ?? 0
        }
    }

    private struct Account {
        var time: Snapshot.CPUTime
        /// Time that passed while the CPU was visible.
        var passed: UInt64 = 0

        var busy: UInt64 { time.user.plus(time.nice).plus(time.system).plus(time.steal) }
    }

    private var accounts: [Int: Account] = [:]
    private var last = Usage()
    private var lastUptime: UInt64?
    /// What did not divide evenly, carried to the next time.
    private var rest = Usage()

    /// Accounts for the time until `uptime` (microseconds since the view began). The first call gives the view what its cgroup
    /// has used before.
    mutating func update(_ now: Usage, uptime: UInt64, visible: CPUSet) {
        let isFirst = lastUptime == nil
        let elapsed = uptime.minus(lastUptime ?? 0)
        let count = UInt64(max(1, visible.count))
        var due = Usage()
        due.user = now.user.minus(last.user).plus(rest.user)
        due.nice = now.nice.minus(last.nice).plus(rest.nice)
        due.system = now.system.minus(last.system).plus(rest.system)
        // Throttled time is summed over every runqueue of the node: no more of it than there was time to withhold.
        let room = elapsed.times(count).minus(due.user.plus(due.nice).plus(due.system))
        due.throttled = min(now.throttled.minus(last.throttled), room).plus(rest.throttled)
        rest.user = due.user % count
        rest.nice = due.nice % count
        rest.system = due.system % count
        rest.throttled = due.throttled % count
        for id in visible.ids {
            var account = accounts[id] ?? Account(time: Snapshot.CPUTime(id: id))
            account.time.user = account.time.user.plus(due.user / count)
            account.time.nice = account.time.nice.plus(due.nice / count)
            account.time.system = account.time.system.plus(due.system / count)
            account.time.steal = account.time.steal.plus(due.throttled / count)
            account.passed = account.passed.plus(elapsed)
            // A cgroup older than the view has used more than has passed; idle time starts to count from there.
            if isFirst { account.passed = max(account.passed, account.busy) }
            account.time.idle = max(account.time.idle, account.passed.minus(account.busy))
            accounts[id] = account
        }
        // A counter that went back (another cgroup of that name cannot be, the directory is held) only moves the base.
        last = now
        lastUptime = max(uptime, lastUptime ?? 0)
    }

    /// Everything, as numbers.
    var numbers: [UInt64] {
        var numbers = [lastUptime == nil ? 0 : 1, lastUptime ?? 0]
        for usage in [last, rest] { numbers += [usage.user, usage.nice, usage.system, usage.throttled] }
        for (id, account) in accounts {
            let time = account.time
            numbers += [UInt64(id), time.user, time.nice, time.system, time.idle, time.steal, account.passed]
        }
        return numbers
    }

    init() {}

    /// What `numbers` gave; from the start for anything else.
    init(_ numbers: [UInt64]) {
        guard numbers.count >= 10, (numbers.count - 10) % 7 == 0 else { return }
        lastUptime = numbers[0] == 0 ? nil : numbers[1]
        last = Usage(numbers[2...5])
        rest = Usage(numbers[6...9])
        for at in stride(from: 10, to: numbers.count, by: 7) {
            var time = Snapshot.CPUTime(id: Int(clamping: numbers[at]))
            time.user = numbers[at + 1]
            time.nice = numbers[at + 2]
            time.system = numbers[at + 3]
            time.idle = numbers[at + 4]
            time.steal = numbers[at + 5]
            accounts[time.id] = Account(time: time, passed: numbers[at + 6])
        }
    }

    func times(of visible: CPUSet) -> [Snapshot.CPUTime] {
        visible.ids.map { accounts[$0]?.time ?? Snapshot.CPUTime(id: $0) }
    }

    /// Over all CPUs the view ever had.
    var total: Snapshot.CPUTime {
        accounts.values.reduce(into: Snapshot.CPUTime()) { sum, account in
            sum.user = sum.user.plus(account.time.user)
            sum.nice = sum.nice.plus(account.time.nice)
            sum.system = sum.system.plus(account.time.system)
            sum.idle = sum.idle.plus(account.time.idle)
            sum.steal = sum.steal.plus(account.time.steal)
        }
    }
}
