import Control
import Readings
import Synchronization
import SystemPackage
import Text
import Tree

/// One emulated `/proc` and `/sys`: the tree as one cgroup sees it.
final class View: Sendable {
    let number: Int
    let record: ViewRecord
    let readings: ViewReadings
    let catalog = Catalog.standard
    private let visible: Mutex<CPUSet>
    private let snapshots = Mutex<[Place: Generations]>([:])

    init(number: Int, record: ViewRecord, readings: ViewReadings) throws(Errno) {
        self.number = number
        self.record = record
        self.readings = readings
        visible = Mutex(try readings.visibleCPUs())
    }

    /// The CPUs the static part of the tree shows.
    var cpus: CPUSet { visible.withLock { $0 } }

    /// The content of a file, computed now. ENODEV when the cgroup is gone, EACCES for what has no content.
    func render(_ place: Place) throws(Errno) -> [UInt8] {
        guard let row = catalog[place].row, let render = row.render else { throw .permissionDenied }
        let snapshot = try readings.snapshot(row.needs)
        var out = ByteWriter(capacity: 2048)
        render(snapshot, place.instance, &out)
        return out.bytes
    }

    func generations(of place: Place) -> Generations {
        snapshots.withLock { known in
            if let found = known[place] { return found }
            let made = Generations()
            known[place] = made
            return made
        }
    }

    /// Looks at the limits again. The CPUs shown before and now when they have changed.
    func refreshCPUs() -> (before: CPUSet, now: CPUSet)? {
        guard let now = try? readings.visibleCPUs() else { return nil }
        return visible.withLock { shown in
            guard shown != now else { return nil }
            defer { shown = now }
            return (shown, now)
        }
    }
}
