import Text

/// What a stored sysctl may hold, and how the kernel reads it from what is written: one case a proc handler of `kernel/sysctl.c`.
public enum SysctlForm: Sendable {
    /// `proc_dointvec`, `proc_dointvec_minmax`: numbers between tabs.
    case ints(count: Int, ClosedRange<Int64>)
    /// `proc_douintvec`, `proc_douintvec_minmax`, `proc_dou8vec_minmax`: one number.
    case unsigned(ClosedRange<UInt64>)
    /// `proc_doulongvec_minmax`
    case longs(count: Int, ClosedRange<UInt64>)
    /// `proc_dostring` with room for so many bytes, the kernel's closing NUL included.
    case text(room: Int)
    /// The same, but one of these words.
    case words([String], room: Int)
    /// One number that stays once it is this one: another is EINVAL, or EPERM.
    case latch(ClosedRange<Int64>, at: Int64, refusal: SysctlRefusal)
    /// `proc_dopipe_max_size`: rounded up to a power of two of at least a page, up to 2 GiB.
    case pipeSize
    /// Like an `int`, 0 or at least this much.
    case fraction(atLeast: Int64)
    /// `proc_do_rointvec`: whatever is written is taken without effect.
    case ignored

    /// `int` without bounds of its own.
    static let int = SysctlForm.ints(count: 1, Int64(Int32.min)...Int64(Int32.max))
    static func int(_ range: ClosedRange<Int64>) -> SysctlForm { .ints(count: 1, range) }
    /// 0 or 1.
    static let flag = SysctlForm.int(0...1)
    /// 0 and above.
    static let count = SysctlForm.int(0...Int64(Int32.max))
    /// `proc_dointvec_jiffies`: seconds, kept in ticks of 250 Hz.
    static let seconds = SysctlForm.int(-Int64(Int32.max) / 250...Int64(Int32.max) / 250)
    static let long = SysctlForm.longs(count: 1, 0...UInt64.max)
}

/// Why nothing, or not all, of what was written is taken.
public enum SysctlRefusal: Error, Sendable {
    case invalid, notPermitted, tooLong
}

/// What a write(2) to a sysctl does.
public struct SysctlWrite: Sendable, Equatable {
    /// The content from now on; nil when it stays. Also set with a refusal: a vector takes what comes before the mistake.
    public var content: [UInt8]?
    /// Bytes taken: fewer than given when more numbers follow than there is room for.
    public var taken: Int
    public var refusal: SysctlRefusal?

    init(_ content: [UInt8]?, taken: Int, refusal: SysctlRefusal? = nil) {
        self.content = content
        self.taken = taken
        self.refusal = refusal
    }
}

extension SysctlForm {
    /// What the kernel looks at of one write: the rest of a page counts as written and is not read.
    private static let longest = 4095
    /// Nothing is taken from here on: what is larger the kernel has no memory for.
    private static let end = 4 << 20

    /// What writing `input` at `offset` does to a sysctl that reads `content`. As with `kernel.sysctl_writes_strict` at 1: numbers
    /// are taken at the start only, and what is written behind it has no effect; texts go on where they are written.
    public func write(_ input: [UInt8], at offset: Int, over content: [UInt8]) -> SysctlWrite {
        if input.isEmpty { return SysctlWrite(nil, taken: 0) }
        if offset >= SysctlForm.end { return SysctlWrite(nil, taken: 0, refusal: .tooLong) }
        switch self {
        case .text(let room): return writeText(input, at: offset, over: content, room: room)
        case .words(let words, let room):
            let written = writeText(input, at: offset, over: content, room: room)
            guard let new = written.content else { return written }
            // With its newline and nothing behind that, as `devkmsg_sysctl_set_loglvl`.
            if words.contains(where: { new.dropLast().elementsEqual($0.utf8) && offset + input.count == $0.utf8.count + 1 }) {
                return written
            }
            return SysctlWrite(nil, taken: 0, refusal: .invalid)
        case .ignored: return SysctlWrite(nil, taken: input.count)
        default: break
        }
        if offset != 0 { return SysctlWrite(nil, taken: input.count) }
        var scanner = SysctlScanner(input.prefix(SysctlForm.longest))
        switch self {
        case .unsigned(let range):
            guard let value = unsigned(&scanner), range.contains(value) else { return SysctlWrite(nil, taken: 0, refusal: .invalid) }
            return SysctlWrite(SysctlForm.line([value]), taken: input.count)
        case .pipeSize:
            guard let value = unsigned(&scanner), let size = SysctlForm.rounded(pipe: value) else {
                return SysctlWrite(nil, taken: 0, refusal: .invalid)
            }
            return SysctlWrite(SysctlForm.line([size]), taken: input.count)
        case .ints(let count, let range):
            return writeNumbers(&scanner, input.count, count: count, over: content, read: SysctlForm.signed) { number in
                SysctlForm.fitting(number).flatMap { range.contains($0) ? $0 : nil }
            }
        case .longs(let count, let range):
            return writeNumbers(&scanner, input.count, count: count, over: content, read: SysctlForm.large) { number in
                number.isNegative || !range.contains(number.magnitude) ? nil : number.magnitude
            }
        case .fraction(let least):
            return writeNumbers(&scanner, input.count, count: 1, over: content, read: SysctlForm.signed) { number in
                SysctlForm.fitting(number).flatMap { $0 == 0 || $0 >= least ? $0 : nil }
            }
        case .latch(let range, let last, let refusal):
            let isLatched = SysctlForm.signed(content).first == last
            var written = writeNumbers(&scanner, input.count, count: 1, over: content, read: SysctlForm.signed) { number in
                SysctlForm.fitting(number).flatMap { range.contains($0) ? $0 : nil }
            }
            if isLatched, let new = written.content, SysctlForm.signed(new).first != last {
                written = SysctlWrite(nil, taken: 0, refusal: refusal)
            }
            return written
        case .text, .words, .ignored: return SysctlWrite(nil, taken: 0, refusal: .invalid)
        }
    }

    // MARK: Numbers

    private func unsigned(_ scanner: inout SysctlScanner) -> UInt64? {
        scanner.skipSpaces()
        guard let number = scanner.number(), !number.isNegative, number.magnitude <= UInt64(UInt32.max) else { return nil }
        return number.magnitude
    }

    private func writeNumbers<Value: FixedWidthInteger>(
        _ scanner: inout SysctlScanner, _ given: Int, count: Int, over content: [UInt8], read: ([UInt8]) -> [Value],
        _ convert: (SysctlScanner.Number) -> Value?
    ) -> SysctlWrite {
        var values = read(content)
        var written = 0
        while written < count, scanner.left > 0 {
            scanner.skipSpaces()
            if scanner.left == 0 { break }
            guard let value = scanner.number().flatMap(convert) else {
                return SysctlWrite(written == 0 ? nil : SysctlForm.line(values), taken: 0, refusal: .invalid)
            }
            if written < values.count { values[written] = value } else { values.append(value) }
            written += 1
        }
        scanner.skipSpaces()
        if written == 0 { return SysctlWrite(nil, taken: 0, refusal: .invalid) }
        return SysctlWrite(SysctlForm.line(values), taken: given - scanner.left)
    }

    private static func fitting(_ number: SysctlScanner.Number) -> Int64? {
        guard number.magnitude <= UInt64(Int32.max) + (number.isNegative ? 1 : 0) else { return nil }
        return number.isNegative ? -Int64(number.magnitude) : Int64(number.magnitude)
    }

    private static func signed(_ content: [UInt8]) -> [Int64] {
        var words = Words(content[...])
        var values: [Int64] = []
        while let word = words.next() { values.append(Int64(Digits.parseSigned(file: Array(word)) ?? 0)) }
        return values
    }

    private static func large(_ content: [UInt8]) -> [UInt64] {
        var words = Words(content[...])
        var values: [UInt64] = []
        while let word = words.next() { values.append(Digits.parse(file: Array(word)) ?? 0) }
        return values
    }

    private static func line(_ values: [some FixedWidthInteger]) -> [UInt8] {
        var out = ByteWriter(capacity: 24)
        for (index, value) in values.enumerated() {
            if index > 0 { out.write(byte: 0x09) }
            out.write(value)
        }
        out.write(byte: 0x0a)
        return out.bytes
    }

    private static func rounded(pipe value: UInt64) -> UInt64? {
        guard value <= 1 << 31 else { return nil }
        var size: UInt64 = 4096
        while size < value { size <<= 1 }
        return size
    }

    // MARK: Texts

    private func writeText(_ input: [UInt8], at offset: Int, over content: [UInt8], room: Int) -> SysctlWrite {
        let old = content.last == 0x0a ? content.dropLast() : content[...]
        guard offset >= 0, offset <= old.count else { return SysctlWrite(nil, taken: input.count) }
        var text = Array(old.prefix(offset))
        for byte in input {
            if byte == 0 || byte == 0x0a || text.count >= room - 1 { break }
            text.append(byte)
        }
        return SysctlWrite(text + [0x0a], taken: input.count)
    }
}
