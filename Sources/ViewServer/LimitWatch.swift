import Linux
import Readings
import SystemPackage

/// Notices writes to the cgroup files that decide how many CPUs a view has.
final class LimitWatch {
    struct Subject: Hashable {
        let vnode: String
        let view: Int
    }

    let inotify: OwnedFD
    private var subjects: [CInt: Set<Subject>] = [:]
    private var watches: [String: [Int: [CInt]]] = [:]

    init() throws(Errno) { inotify = try Events.inotify() }

    /// A file that is not there (no such controller) cannot change.
    func add(_ view: View, of vnode: String) {
        for path in view.readings.watchedFiles {
            guard let watch = try? Events.watch(path, with: inotify) else { continue }
            subjects[watch, default: []].insert(Subject(vnode: vnode, view: view.number))
            watches[vnode, default: [:]][view.number, default: []].append(watch)
        }
    }

    func remove(vnode: String, view: Int) {
        for watch in watches[vnode]?.removeValue(forKey: view) ?? [] {
            subjects[watch]?.remove(Subject(vnode: vnode, view: view))
            guard subjects[watch]?.isEmpty == true else { continue }
            subjects[watch] = nil
            Events.unwatch(watch, with: inotify)
        }
    }

    func remove(vnode: String) {
        for view in watches[vnode]?.keys.map({ $0 }) ?? [] { remove(vnode: vnode, view: view) }
        watches[vnode] = nil
    }

    /// The views whose limits may have changed since the last call.
    func changed() -> Set<Subject> {
        Events.changed(inotify).reduce(into: []) { $0.formUnion(subjects[$1] ?? []) }
    }
}
