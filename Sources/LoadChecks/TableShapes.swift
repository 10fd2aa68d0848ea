import Text
import Tree

// Files with a column or a block for each CPU, and lists.
extension Scanner {
    mutating func interrupts(_ expected: Expectation) throws(Malformed) -> [UInt64] {
        try cpuHeader(indent: 11, expected)
        var counters: [UInt64] = []
        while !isAtEnd {
            while accept(" ") {}
            let label = try word(until: 0x3a, 0x0a)
            try literal(":")
            let isTotal = label.elementsEqual("ERR".utf8) || label.elementsEqual("MIS".utf8)
            counters += try tableColumns(isTotal ? 1 : expected.cpus.count)
            if !isTotal {
                try literal("   ")
                _ = try word(until: 0x0a)
            }
            try newline()
        }
        return counters
    }

    mutating func softirqs(_ expected: Expectation) throws(Malformed) -> [UInt64] {
        try cpuHeader(indent: 20, expected)
        var counters: [UInt64] = []
        for name: StaticString in ["HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU"] {
            let start = at
            while accept(" ") {}
            try literal(name)
            try literal(":")
            guard at - start == 13 else { throw fail("a name out of its column") }
            counters += try tableColumns(expected.cpus.count)
            try newline()
        }
        return counters
    }

    private mutating func cpuHeader(indent: Int, _ expected: Expectation) throws(Malformed) {
        guard try spaces() == indent else { throw fail("not \(indent) spaces") }
        for id in expected.cpus.ids {
            let start = at
            try literal("CPU")
            guard try number() == UInt64(id) else { throw fail("another CPU than \(id)") }
            while at - start < 11, accept(" ") {}
            guard at - start >= 11 else { throw fail("a CPU out of its column") }
        }
        try newline()
    }

    private mutating func tableColumns(_ count: Int) throws(Malformed) -> [UInt64] {
        var values: [UInt64] = []
        for _ in 0..<count {
            let start = at
            try spaces()
            values.append(try number())
            guard at - start >= 11 else { throw fail("a number out of its column") }
        }
        return values
    }

    mutating func schedstat(_ expected: Expectation) throws(Malformed) -> [UInt64] {
        try literal("version ")
        _ = try number()
        try literal("\ntimestamp ")
        var counters = [try number()]
        try newline()
        for id in expected.cpus.ids {
            try literal("cpu")
            guard try number() == UInt64(id) else { throw fail("another CPU than \(id)") }
            for _ in 0..<9 {
                try literal(" ")
                counters.append(try number())
            }
            try newline()
        }
        return counters
    }

    mutating func zoneinfo(_ expected: Expectation) throws(Malformed) {
        // A node without one.
        if isAtEnd { return }
        try literal("Node 0, zone   Normal\n  per-node stats\n")
        var sizes: [UInt64] = []
        func isNext(_ text: String, _ scanner: borrowing Scanner) -> Bool { scanner.bytes[scanner.at...].starts(with: text.utf8) }
        while !isNext("  pagesets\n", self) {
            try spaces()
            let name = try word(until: 0x20, 0x0a)
            if name.elementsEqual("protection:".utf8) {
                try literal(" (0")
                while accept(", 0") {}
                try literal(")")
            } else {
                let isSize = name.elementsEqual("present".utf8) || name.elementsEqual("managed".utf8)
                if name.elementsEqual("pages".utf8) { try literal(" free") }
                try spaces()
                let value = try number()
                if isSize { sizes.append(value) }
            }
            try newline()
        }
        guard sizes.count == 2, sizes[0] == sizes[1] else { throw fail("not one size of the zone") }
        try literal("  pagesets\n")
        for id in expected.cpus.ids {
            try literal("    cpu: ")
            guard try number() == UInt64(id) else { throw fail("another CPU than \(id)") }
            try newline()
            while !isNext("    cpu: ", self), isNext("    ", self) || isNext("  vm stats ", self) { try zero() }
        }
        try zero()
        while !isAtEnd { try zero() }
    }

    /// `  label:  0`
    private mutating func zero() throws(Malformed) {
        try spaces()
        _ = try word(until: 0x3a, 0x0a)
        try literal(":")
        try spaces()
        try literal("0\n")
    }

    mutating func partitions() throws(Malformed) {
        if isAtEnd { return }
        try literal("major minor  #blocks  name\n\n")
        while !isAtEnd {
            while accept(" ") {}
            for _ in 0..<3 {
                _ = try number()
                try spaces()
            }
            _ = try word(until: 0x20, 0x0a)
            try newline()
        }
    }

    mutating func cgroups() throws(Malformed) {
        try literal("#subsys_name\thierarchy\tnum_cgroups\tenabled\n")
        while !isAtEnd {
            _ = try word(until: 0x09, 0x0a)
            try literal("\t0\t")
            guard try number() > 0 else { throw fail("no cgroup") }
            try literal("\t1\n")
        }
    }

    mutating func locks() throws(Malformed) {
        var last: UInt64 = 0
        while !isAtEnd {
            let number = try number()
            try literal(": ")
            // The further down a waiter waits, the further to the right.
            while accept(" ") {}
            let isWaiter = accept("-> ")
            guard number == (isWaiter ? last : last + 1), number > 0 else { throw fail("lock \(number) after lock \(last)") }
            last = number
            for _ in 0..<3 {
                _ = try word(until: 0x20, 0x0a)
                try spaces()
            }
            guard try self.number() > 0 else { throw fail("nobody's lock") }
            try literal(" ")
            _ = try word(until: 0x20, 0x0a)
            try literal(" ")
            _ = try self.number()
            try literal(" ")
            if !accept("EOF") { _ = try self.number() }
            try newline()
        }
    }

    mutating func irqPressure() throws(Malformed) -> [UInt64] {
        // A kernel that keeps none.
        if isAtEnd { return [] }
        try literal("full")
        return [try pressureLine()]
    }
}
