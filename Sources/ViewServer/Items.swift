import SystemPackage
import Takeover
import Tree

/// What a vNode's records in the vault are about: kind (8 bits), view (24), entry (12), instance (20).
struct Item: Hashable {
    enum Kind: UInt8 {
        case vnode = 1, view, counter, file, answer, direct, negotiated, catalog, control, sysctl, trigger, listener
    }

    let raw: UInt64

    init(raw: UInt64) { self.raw = raw }

    /// `handle` of a direct answer, a trigger or a listener takes the place of everything but the kind.
    init(_ kind: Kind, view: Int = 0, place: Place = .top, handle: UInt64 = 0) {
        let about = UInt64(view) << 32 | UInt64(place.entry) << 20 | UInt64(place.instance) | handle
        raw = UInt64(kind.rawValue) << 56 | about & (1 << 56 - 1)
    }

    var kind: Kind? { Kind(rawValue: UInt8(raw >> 56)) }
    var view: Int { Int(raw >> 32 & 0xff_ffff) }
    var place: Place { Place(entry: Int(raw >> 20 & 0xfff), instance: Int(raw & 0xf_ffff)) }
    var handle: UInt64 { raw & (1 << 56 - 1) }
    /// Of a counter or a negotiated connection.
    var index: Int { Int(raw & 0xf_ffff) }

    /// Goes when the view does.
    func belongs(to view: Int) -> Bool {
        switch kind {
        case .view, .counter, .file, .answer: self.view == view
        default: false
        }
    }
}

/// The records that belong to no vNode: all of them are named here, so that no two have one number.
enum OwnRecord {
    /// What the table's entries and the node's disks are numbered by.
    case paths, disks
    /// The control request at hand, and what it makes.
    case asking, making
    /// What is counted over the lives of workers.
    case tally

    static let owner: UInt64 = 1

    fileprivate var item: UInt64 {
        switch self {
        case .paths: Item(.catalog).raw
        case .disks: Item(.catalog, handle: 1).raw
        case .asking: Item(.control).raw
        case .tally: Item(.control, handle: 1).raw
        case .making: Item(.control, handle: 2).raw
        }
    }
}

extension Vault {
    func own(_ record: OwnRecord) -> Record? { found(of: OwnRecord.owner).first { $0.item == record.item }?.record }

    func put(_ bytes: [UInt8], own record: OwnRecord, replacing old: Record? = nil) -> Record? {
        open(owner: OwnRecord.owner)
        return put(bytes, owner: OwnRecord.owner, item: record.item, replacing: old)
    }

    /// For its cells. ENOMEM when there is no room for a new one.
    func cells(of record: OwnRecord) throws(Errno) -> Record {
        guard let found = own(record) ?? put([], own: record) else { throw .noMemory }
        return found
    }
}

/// The records of one vNode.
struct Records: Sendable {
    let vault: Vault
    /// The vNode's serial number.
    let owner: UInt64

    func put(_ bytes: [UInt8], _ item: Item, replacing old: Vault.Record? = nil) -> Vault.Record? {
        vault.put(bytes, owner: owner, item: item.raw, replacing: old)
    }

    func remove(_ record: Vault.Record) { vault.remove(record, owner: owner) }
}
