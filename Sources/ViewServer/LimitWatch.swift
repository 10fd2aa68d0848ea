import Linux
import Logging
import Readings
import SystemPackage

/// Notices writes to the cgroup files that decide how many CPUs a view has.
final class LimitWatch {
    struct Subject: Hashable {
        let vnode: String
        let view: Int
    }

    /// Readable when limits may have changed: an inotify instance, or a timer on a node that has none left for us (EMFILE: root's
    /// are few, and shared by all its daemons).
    let descriptor: OwnedFD
    private let isTimed: Bool
    /// Who is concerned by a watch, and the watches of a vNode. Lists, not sets: there are thousands of them, of a few entries each.
    private var subjects: [CInt: [Subject]] = [:]
    private var watches: [String: [(view: Int, watch: CInt)]] = [:]

    /// Stands for whatever a timed watch sees.
    private static let any: CInt = -1

    init(log: Logger) throws(Errno) {
        do throws(Errno) {
            descriptor = try Events.inotify()
            isTimed = false
        } catch {
            log.warning(
                "limits are looked at every 100 ms or less often: no inotify instance: \(error); raise fs.inotify.max_user_instances, then vnode-fs upgrade"
            )
            descriptor = try Events.timer()
            isTimed = true
            rest()
        }
    }

    /// The next look of a timed watch. The more views, the less often: a look costs some 10 us a view.
    private func rest() { try? Events.setTimer(descriptor, milliseconds: max(100, subjects[LimitWatch.any]?.count ?? 0)) }

    /// A file that is not there (no such controller) cannot change.
    func add(_ view: View, of vnode: String) {
        for path in view.readings.watchedFiles {
            let watch = isTimed ? LimitWatch.any : try? Events.watch(path, with: descriptor)
            guard let watch else { continue }
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
            if !isTimed { Events.unwatch(watch, with: descriptor) }
        }
    }

    /// The views whose limits may have changed since the last call.
    func changed() -> Set<Subject> {
        if isTimed {
            Events.drain(descriptor)
            rest()
            return Set(subjects[LimitWatch.any] ?? [])
        }
        let changed = Events.changed(descriptor)
        // IN_Q_OVERFLOW: somebody wrote more often than we looked, and anybody's change may be lost.
        if changed.contains(-1) { return Set(subjects.values.joined()) }
        return changed.reduce(into: []) { $0.formUnion(subjects[$1] ?? []) }
    }
}
