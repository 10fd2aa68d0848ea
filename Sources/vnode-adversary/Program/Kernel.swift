import CAdversary
import Glibc
import Linux
import SystemPackage

/// A call that was refused.
struct Refused: Error {
    let call: String
    let error: Errno
}

/// Makes system calls as they are, by any way into the kernel.
enum Kernel {
    enum Argument: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
        case number(Int), text(String), bytes([UInt8])
        init(stringLiteral value: String) { self = .text(value) }
        init(integerLiteral value: Int) { self = .number(value) }
    }

    /// Memory that 32-bit calls reach too. Never freed: an attack is a process that soon ends.
    private static let size = 1 << 20
    private static let start = unsafe Int(bitPattern: cadversary_low_memory(size))
    private nonisolated(unsafe) static var used = 0

    /// Address of a copy of bytes and a zero after them, which does not move. 0 when there is no memory.
    static func place(_ bytes: [UInt8]) -> Int {
        let room = (bytes.count + 16) / 8 * 8
        if unsafe used + room > size { unsafe used = 0 }
        guard room <= size, let place = unsafe UnsafeMutableRawPointer(bitPattern: start == 0 ? 0 : start + used) else { return 0 }
        unsafe used += room
        for (index, byte) in bytes.enumerated() { unsafe place.storeBytes(of: byte, toByteOffset: index, as: UInt8.self) }
        unsafe place.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
        return Int(bitPattern: place)
    }

    /// The value, or minus errno.
    static func raw(_ call: Call, _ arguments: [Argument], _ abi: ABI = .native) -> Int {
        let number = call.number(abi)
        guard number >= 0 else { return -Int(ENOSYS) }
        var words = [Int](repeating: 0, count: 6)
        for (index, argument) in arguments.enumerated() {
            switch argument {
            case .number(let value): words[index] = value
            case .text(let text): words[index] = place(Array(text.utf8))
            case .bytes(let bytes): words[index] = place(bytes)
            }
        }
        return unsafe abi == .i386 ? cadversary_call32(number, words) : cadversary_call(number, words)
    }

    @discardableResult
    static func call(_ call: Call, _ arguments: Argument..., abi: ABI = .native) throws(Refused) -> Int {
        let result = raw(call, arguments, abi)
        if result < 0 { throw Refused(call: call.rawValue, error: Errno(rawValue: CInt(-result))) }
        return result
    }
}

/// The calls that attacks make most.
extension Kernel {
    static let bind = 4096
    static let recursive = 16384
    static let remount = 32
    static let readOnly = 1
    static let move = 8192
    static let shared = 1 << 20
    static let isPrivate = 1 << 18
    static let slave = 1 << 19
    static let here = -100
    static let detach = 2

    static func mount(
        _ source: String, _ target: String, _ type: String = "", _ flags: Int = 0, data: String = "", abi: ABI = .native
    ) throws(Refused) {
        try call(.mount, .text(source), .text(target), .text(type), .number(flags), data.isEmpty ? 0 : .text(data), abi: abi)
    }

    static func umount(_ target: String, _ flags: Int = detach, abi: ABI = .native) throws(Refused) {
        try call(.umount2, .text(target), .number(flags), abi: abi)
    }

    static func unshare(_ kinds: Namespaces, abi: ABI = .native) throws(Refused) {
        try call(.unshare, .number(Int(kinds.rawValue)), abi: abi)
    }

    /// A descriptor of a detached copy: `flags` of open_tree(2) besides OPEN_TREE_CLONE.
    static func cloneTree(_ path: String, recursive: Bool) throws(Refused) -> Int {
        try call(.open_tree, .number(here), .text(path), .number(1 | (recursive ? 0x8000 : 0)))
    }

    static func attach(_ tree: Int, _ target: String) throws(Refused) {
        try call(.move_mount, .number(tree), "", .number(here), .text(target), 4)
    }

    /// struct mount_attr: what to set, what to clear.
    static func setAttributes(
        _ path: String, set: UInt64, clear: UInt64, recursive: Bool, userNamespace: Int = 0
    ) throws(Refused) {
        let attributes = words([set, clear, 0, UInt64(userNamespace)])
        try call(.mount_setattr, .number(here), .text(path), recursive ? 0x8000 : 0, .bytes(attributes), 32)
    }

    static func open(_ path: String, _ flags: CInt = O_RDONLY, abi: ABI = .native) throws(Refused) -> CInt {
        CInt(try call(.openat, .number(here), .text(path), .number(Int(flags)), 0o600, abi: abi))
    }

    /// Little-endian words.
    static func words(_ values: [UInt64]) -> [UInt8] {
        values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) } }
    }

    /// One write(2). The errno of opening counts as well.
    static func write(_ text: String, to path: String) throws(Refused) {
        let file = try open(path, O_WRONLY)
        defer { _ = close(file) }
        let bytes = Array(text.utf8)
        let size = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
        if size < 0 { throw Refused(call: "write", error: Errno(rawValue: errno)) }
    }
}
