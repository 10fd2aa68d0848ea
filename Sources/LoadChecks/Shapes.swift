import Text
import Tree

// One strict parser a file. Each goes from the first byte to the last.
extension Scanner {
    mutating func meminfo(_ expected: Expectation) throws(Malformed) {
        var values: [[UInt8]: UInt64] = [:]
        for name in expected.memory {
            let start = at
            try literal(name)
            try literal(":")
            let label = at - start
            try spaces()
            let digits = at
            let value = try number()
            // Names are padded to 16, values to 8; a longer name takes it from its value, a longer value goes on to the right.
            let width = max(at - digits, min(8, max(0, 24 - label)))
            guard at - start == max(label, 16) + width else { throw fail("a value out of its column") }
            if !name.starts(with: "HugePages_".utf8) { try literal(" kB") }
            try newline()
            values[name] = value
        }
        func value(_ name: String) -> UInt64? { values[Array(name.utf8)] }
        for name in ["Active", "Inactive"] {
            guard let all = value(name), let anonymous = value("\(name)(anon)"), let file = value("\(name)(file)") else { continue }
            guard all == anonymous.plus(file) else { throw fail("\(name) is not the sum of its parts") }
        }
        for (part, whole) in [("MemFree", "MemTotal"), ("MemAvailable", "MemTotal"), ("SwapFree", "SwapTotal")] {
            if let part = value(part), let whole = value(whole), part > whole { throw fail("more of \(whole) free than there is") }
        }
    }

    mutating func stat(_ expected: Expectation) throws(Malformed) -> [UInt64] {
        try literal("cpu ")
        let total = try columns(10)
        var sum = [UInt64](repeating: 0, count: 10)
        var counters = total
        for id in expected.cpus.ids {
            try literal("cpu")
            guard try number() == UInt64(id) else { throw fail("another CPU than \(id)") }
            let times = try columns(10)
            for column in times.indices { sum[column] = sum[column].plus(times[column]) }
            counters += times
        }
        // Each CPU's time is rounded down to 1/100 s, and so is the sum of what they were before that.
        for column in total.indices where total[column] < sum[column] || total[column] - sum[column] > UInt64(expected.cpus.count) {
            throw fail("column \(column + 1) of cpu is \(total[column]), those of its CPUs are \(sum[column]) together")
        }
        try literal("intr")
        let interrupts = try restOfLine()
        try literal("ctxt ")
        let switches = try number()
        try literal("\nbtime ")
        guard try number() > 0 else { throw fail("no boot time") }
        try literal("\nprocesses ")
        let forks = try number()
        try literal("\nprocs_running ")
        guard try number() >= 1 else { throw fail("nobody is running") }
        try literal("\nprocs_blocked ")
        _ = try number()
        try literal("\nsoftirq")
        let soft = try restOfLine()
        guard soft.count == 11, let interruptTotal = interrupts.first else { throw fail("too few numbers") }
        return counters + [interruptTotal, switches, forks, soft[0]]
    }

    /// ` N` so many times and the end of the line.
    private mutating func columns(_ count: Int) throws(Malformed) -> [UInt64] {
        var values: [UInt64] = []
        values.reserveCapacity(count)
        for _ in 0..<count {
            try literal(" ")
            values.append(try number())
        }
        try newline()
        return values
    }

    private mutating func restOfLine() throws(Malformed) -> [UInt64] {
        var values: [UInt64] = []
        while accept(" ") { values.append(try number()) }
        try newline()
        return values
    }

    mutating func loadavg() throws(Malformed) {
        for _ in 0..<3 {
            _ = try hundredths()
            try literal(" ")
        }
        let running = try number()
        try literal("/")
        guard try number() >= running, running > 0 else { throw fail("more running than there are") }
        try literal(" ")
        _ = try number()
        try newline()
    }

    mutating func uptime() throws(Malformed) -> [UInt64] {
        let uptime = try hundredths()
        try literal(" ")
        let idle = try hundredths()
        try newline()
        return [uptime, idle]
    }

    mutating func vmstat(_ expected: Expectation) throws(Malformed) -> [UInt64] {
        var counters: [UInt64] = []
        counters.reserveCapacity(expected.vmstat.count)
        for name in expected.vmstat {
            try literal(name)
            try literal(" ")
            let value = try number()
            try newline()
            // `nr_` are levels, but for some that count as well and are not worth a list; so is this one.
            if !name.starts(with: "nr_".utf8), !name.elementsEqual("workingset_nodes".utf8) { counters.append(value) }
        }
        return counters
    }

    mutating func diskstats() throws(Malformed) {
        while !isAtEnd {
            let start = at
            while accept(" ") {}
            _ = try number()
            guard at - start >= 4 else { throw fail("a major number out of its column") }
            try literal(" ")
            let minor = at
            while accept(" ") {}
            _ = try number()
            guard at - minor >= 7 else { throw fail("a minor number out of its column") }
            try literal(" ")
            _ = try word(until: 0x20, 0x0a)
            _ = try columns(17)
        }
    }

    mutating func swaps() throws(Malformed) {
        try literal("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n")
        while !isAtEnd {
            let start = at
            _ = try word(until: 0x20, 0x0a)
            try spaces()
            guard at - start >= 40 else { throw fail("a type out of its column") }
            guard accept("partition\t") || accept("file\t\t") else { throw fail("expected a type") }
            let size = try number()
            try tabs(after: size)
            let used = try number()
            guard used <= size else { throw fail("more swap used than there is") }
            try tabs(after: used)
            _ = accept("-")
            _ = try number()
            try newline()
        }
    }

    private mutating func tabs(after number: UInt64) throws(Malformed) {
        try literal("\t")
        if number < 10_000_000 { try literal("\t") }
    }

    mutating func cpuinfo(_ expected: Expectation) throws(Malformed) {
        for id in expected.cpus.ids {
            try literal("processor")
            while accept("\t") || accept(" ") {}
            try literal(": ")
            guard try number() == UInt64(id) else { throw fail("another CPU than \(id)") }
            try newline()
            var lines = 0
            while !accept("\n") {
                _ = try word(until: 0x3a, 0x0a)
                try literal(":")
                if !accept("\n") {
                    _ = try word(until: 0x0a)
                    try newline()
                }
                lines += 1
            }
            guard lines > 0 else { throw fail("a CPU without properties") }
        }
    }

    mutating func pressure() throws(Malformed) -> [UInt64] {
        // A cgroup without pressure accounting.
        if isAtEnd { return [] }
        var totals: [UInt64] = []
        try literal("some")
        totals.append(try pressureLine())
        if !isAtEnd {
            try literal("full")
            totals.append(try pressureLine())
        }
        return totals
    }

    mutating func pressureLine() throws(Malformed) -> UInt64 {
        for key: StaticString in [" avg10=", " avg60=", " avg300="] {
            try literal(key)
            guard try hundredths() <= 100_00 else { throw fail("more than all of the time") }
        }
        try literal(" total=")
        let total = try number()
        try newline()
        return total
    }

    mutating func uuid() throws(Malformed) {
        let form: [UInt8] = Array("00000000-0000-0000-0000-000000000000".utf8)
        guard bytes.count == form.count + 1 else { throw fail("\(bytes.count) bytes") }
        for (index, place) in form.enumerated() {
            let byte = bytes[index]
            let isHex = (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
            guard place == 0x2d ? byte == 0x2d : isHex else { throw Malformed("not the form of a UUID", at: index) }
        }
        _ = try word(until: 0x0a)
        try newline()
    }
}
