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

    init() throws(Errno) { inotify = try Events.inotify() }

    /// A file that is not there (no such controller) cannot change.
    func add(_ view: View, of vnode: String) {
        for path in view.readings.watchedFiles {
            guard let watch = try? Events.watch(path, with: inotify) else { continue }
            subjects[watch, default: []].insert(Subject(vnode: vnode, view: view.number))
        }
    }

    func remove(vnode: String, view: Int? = nil) {
        for (watch, watching) in subjects {
            let left = watching.filter { $0.vnode != vnode || (view != nil && $0.view != view) }
            guard left.count != watching.count else { continue }
            if left.isEmpty {
                subjects[watch] = nil
                Events.unwatch(watch, with: inotify)
            } else {
                subjects[watch] = left
            }
        }
    }

    /// The views whose limits may have changed since the last call.
    func changed() -> Set<Subject> {
        Events.changed(inotify).reduce(into: []) { $0.formUnion(subjects[$1] ?? []) }
    }
}
