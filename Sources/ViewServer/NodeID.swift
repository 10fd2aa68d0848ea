import Tree

/// The number the kernel knows a node by, computed and never allocated: view (24 bits), entry of the catalog (12), instance (28).
///
/// View numbers start at 1 and are not used twice in the life of a connection, so an id never changes its meaning.
struct NodeID: Equatable {
    /// FUSE_ROOT_ID.
    static let root: UInt64 = 1

    let view: Int
    let place: Place

    /// The entry in a number, whatever else is in it.
    static func entry(_ raw: UInt64) -> Int { Int(raw >> 28 & 0xfff) }

    init(view: Int, place: Place) {
        self.view = view
        self.place = place
    }

    init?(_ raw: UInt64, entries: Int) {
        view = Int(raw >> 40)
        place = Place(entry: Int(raw >> 28 & 0xfff), instance: Int(raw & 0xfff_ffff))
        guard view > 0, place.entry < entries, place.instance < Pattern.mostInstances else { return nil }
    }

    var raw: UInt64 { UInt64(view) << 40 | UInt64(place.entry) << 28 | UInt64(place.instance) }

    /// What stat(2) shows: 32 bits, because programs built without large file support refuse more, and never 0, which readdir(3)
    /// takes for a deleted entry. Views take turns at the highest 4 bits: a container sees one of them.
    var inode: UInt64 { UInt64((view - 1) % 15 + 1) << 28 | UInt64(place.entry) << 16 | UInt64(place.instance & 0xffff) }

    /// Largest view number that fits.
    static let mostViews = (1 << 24) - 1
}
