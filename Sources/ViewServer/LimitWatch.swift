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
    /// Who is concerned by a watch, and the watches of a vNode. Lists, not sets: there are thousands of them, of a few entries each.
    private var subjects: [CInt: [Subject]] = [:]
    private var watches: [String: [(view: Int, watch: CInt)]] = [:]

    init() throws(Errno) { inotify = try Events.inotify() }

    /// A file that is not there (no such controller) cannot change.
    func add(_ view: View, of vnode: String) {
        for path in view.readings.watchedFiles {
            guard let watch = try? Events.watch(path, with: inotify) else { continue }
            subjects[watch, default: []].append(Subject(vnode: vnode, view: view.number))
            watches[vnode, default: []].append((view.number, watch))
        }
    }

    func remove(vnode: String, view: Int) { remove(vnode) { $0 == view } }

    func remove(vnode: String) { remove(vnode) { _ in true } }

    private func remove(_ vnode: String, where isGone: (Int) -> Bool) {
        guard let all = watches[vnode] else { return }
        let left = all.filter { !isGone($0.view) }
        watches[vnode] = left.isEmpty ? nil : left
        for (view, watch) in all where isGone(view) {
            subjects[watch]?.removeAll { $0 == Subject(vnode: vnode, view: view) }
            guard subjects[watch]?.isEmpty == true else { continue }
            subjects[watch] = nil
            Events.unwatch(watch, with: inotify)
        }
    }

    /// The views whose limits may have changed since the last call.
    func changed() -> Set<Subject> {
        let changed = Events.changed(inotify)
        // IN_Q_OVERFLOW: somebody wrote more often than we looked, and anybody's change may be lost.
        if changed.contains(-1) { return Set(subjects.values.joined()) }
        return changed.reduce(into: []) { $0.formUnion(subjects[$1] ?? []) }
    }
}
