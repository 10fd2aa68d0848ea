import Linux
import Takeover

/// What asks about the system calls of one container: the seccomp filter that its engine loaded, and that all it runs inherits.
final class Listener: Sendable {
    let serial: UInt64
    let descriptor: OwnedFD
    /// The view its processes see.
    let view: Int
    /// Where that is staged.
    let top: String

    init(serial: UInt64, descriptor: consuming OwnedFD, view: Int, top: String) {
        self.serial = serial
        self.descriptor = descriptor
        self.view = view
        self.top = top
    }

    /// The name the supervisor keeps the descriptor by. The vNode's own parts have others (`Registry.Part`).
    var key: UInt64 { serial << 3 | 5 }

    var packed: [UInt8] {
        var out = Packer()
        out.add([serial, UInt64(view)])
        out.add(top)
        return out.bytes
    }

    /// What is kept of one of a worker before this one; `held` gives up the descriptor of a key.
    convenience init?(packed bytes: [UInt8], _ held: (UInt64) -> CInt?) {
        var from = Unpacker(bytes)
        guard let serial = from.number(), let view = from.number(), let top = from.text(), let descriptor = held(serial << 3 | 5) else {
            return nil
        }
        self.init(serial: serial, descriptor: OwnedFD(taking: descriptor), view: Int(clamping: view), top: top)
    }
}
