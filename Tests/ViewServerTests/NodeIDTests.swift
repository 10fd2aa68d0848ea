import Testing
import Tree

@testable import ViewServer

@Suite struct NodeIDTests {
    @Test(arguments: [(1, 0, 0), (1, 7, 3), (NodeID.mostViews, 4095, Pattern.mostInstances - 1)])
    func anIDIsViewEntryAndInstance(view: Int, entry: Int, instance: Int) throws {
        let id = NodeID(view: view, place: Place(entry: entry, instance: instance))
        #expect(NodeID(id.raw, entries: 4096) == id)
        #expect(id.raw != NodeID.root)
    }

    @Test(arguments: [0, 1, 0x3ff, .max, 1 << 40 | 0xfff << 28, 1 << 40 | 0xfff_ffff] as [UInt64])
    func whatNoNodeHasIsRefused(raw: UInt64) {
        #expect(NodeID(raw, entries: 10) == nil)
    }

    @Test func theCatalogFitsIntoTheEntryBits() {
        #expect(Catalog.standard.entries.count <= 4096)
    }

    @Test(arguments: [1, 15, 16, 30, 256, NodeID.mostViews]) func noInodeNumberIsZero(view: Int) {
        #expect(NodeID(view: view, place: .top).inode > 0)
    }

    @Test func inodeNumbersFit32Bits() {
        let id = NodeID(view: NodeID.mostViews, place: Place(entry: 4095, instance: Pattern.mostInstances - 1))
        #expect(id.inode <= UInt64(UInt32.max))
    }
}
