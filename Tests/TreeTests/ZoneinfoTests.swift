import Testing
import Text

@testable import Tree

@Suite struct ZoneinfoTests {
    private func names(_ text: String) -> ZoneinfoNames { ZoneinfoNames(Array(text.utf8)) }

    private let usual = """
        Node 0, zone      DMA
          per-node stats
              nr_inactive_anon 4
          pages free     0
                min      3
                protection: (0, 7)
        Node 0, zone   Normal
          pages free     9
                min      3
                protection: (0, 7)
              nr_free_pages 9
          pagesets
            cpu: 3
                      count:    1
                      batch:    1
          vm stats threshold: 4
            cpu: 5
                      count:    1
                      batch:    1
          vm stats threshold: 4
          node_unreclaimable:  0
          start_pfn:           77
        Node 0, zone  Movable
          pages free     0

        """

    @Test func linesOfTheFirstZoneWithMemory() {
        let names = names(usual)
        #expect(names.node.map(\.name) == ["nr_inactive_anon"])
        #expect(names.zone.map(\.name) == ["free", "min", "protection", "nr_free_pages"])
        #expect(names.zone.map { String(decoding: $0.label, as: UTF8.self) }.first == "  pages free     ")
        #expect(names.zone[2].count == 2)
        #expect(names.pageset.map(\.name) == ["count", "batch", "threshold"])
        #expect(names.end.map(\.name) == ["node_unreclaimable", "start_pfn"])
    }

    @Test func nothingOfAnotherShape() {
        #expect(names("") == names("Node 0, zone DMA\n"))
        #expect(names(usual.replacing("  per-node stats\n", with: "")).zone.isEmpty)
        // A value that is no number, and a label that is no name, are not taken over.
        let odd = names(usual.replacing("nr_free_pages 9", with: "secret node7-serial").replacing("min      3", with: "mi/n     3"))
        #expect(odd.zone.map(\.name) == ["free", "protection"])
    }

    @Test func everyCutIsHarmless() {
        let bytes = Array(usual.utf8)
        for end in bytes.indices {
            let cut = ZoneinfoNames(Array(bytes[..<end]))
            #expect(cut.zone.count <= 4 && cut.pageset.count <= 3)
        }
    }

    @Test func watermarksAsTheKernelSetsThem() {
        func marks(_ kilobytes: UInt64) -> [UInt64] {
            var snapshot = Snapshot()
            snapshot.nodeMemory = NodeMemory(Array("MemTotal: \(kilobytes) kB\n".utf8), last: nil)
            let marks = Zoneinfo.Watermarks(Memory(snapshot), page: 4096)
            return (0...3).map(marks.value)
        }
        #expect(marks(409_600) == [640, 800, 960, 1120])
        #expect(marks(0) == [32, 40, 48, 56])
        // 64 GiB: a thousandth of it is more than a quarter of the lowest mark.
        #expect(marks(67_108_864) == [8192, 24969, 41746, 58523])
        #expect(marks(.max).first == 65536)
    }

    @Test func everyNodeWithMemoryHasItsPart() {
        func zones(_ nodes: [NUMANode]) -> [String] {
            var snapshot = Snapshot()
            snapshot.nodeMemory = NodeMemory(Array("MemTotal: 409600 kB\nMemFree: 4096 kB\n".utf8), last: nil)
            snapshot.zones = ZoneinfoLayout(
                names: names(usual.replacing("min      3", with: "managed  3")), memory: snapshot.nodeMemory.layout, stat: nil)
            snapshot.nodes = nodes
            var out = ByteWriter()
            Zoneinfo.render(snapshot, 0, &out)
            return String(decoding: out.bytes, as: UTF8.self).split(separator: "\n").map(String.init).filter {
                $0.hasPrefix("Node ") || $0.contains("managed")
            }
        }
        #expect(zones([]) == ["Node 0, zone   Normal", "        managed  102400"])
        let quarter = NUMANode(id: 1, cpus: CPUSet([1]), distances: [], memory: 100)
        let rest = NUMANode(id: 3, cpus: CPUSet([3]), distances: [], memory: 300)
        let none = NUMANode(id: 0, cpus: CPUSet([0]), distances: [], memory: 0)
        #expect(zones([none, quarter]) == ["Node 1, zone   Normal", "        managed  102400"])
        #expect(
            zones([none, quarter, rest])
                == ["Node 1, zone   Normal", "        managed  25600", "Node 3, zone   Normal", "        managed  76800"])
    }
}
