public import Linux
import SystemPackage

/// A report as a descriptor: that of a full node is far longer than a message of the control socket may be.
extension Report {
    /// Longest report read, bytes. 1,000 vNodes that read 40 files each come to 10 MB.
    static let longest = 256 << 20

    /// A sealed memfd with the report as JSON.
    public func memfd() throws -> OwnedFD { try SealedMemory.make(try json(), name: "vnode-metrics") }

    /// Reads what `memfd` made, whatever the position of the descriptor. Never waits: what is no sealed memfd is refused.
    public init(reading file: borrowing OwnedFD) throws {
        let bytes: [UInt8]
        do throws(Errno) { bytes = try SealedMemory.read(file, limit: Report.longest) } catch {
            throw MetricsError("reading the metrics: \(error == .invalidArgument ? "what came is no sealed memfd" : "\(error)")")
        }
        do { try self.init(json: bytes) } catch {
            throw MetricsError("the metrics could not be understood: install vnode-fs from one build")
        }
    }
}
