import Text

/// `/sys/devices/system/cpu/cpuN/cache/indexM/*`: `level` `2`, `type` `Unified`, `size` `2048K`, `shared_cpu_list` `0-1`
///
/// The caches of the CPU the view runs on, which cpuinfo tells of as well: sizes, ways, sets and ids are the node's, sharing is the
/// node's cut to the visible CPUs. Bytes where a file has no unit of its own. Source: `drivers/base/cacheinfo.c`. A file the
/// node's kernel does not have is not there, nor an index. Write: EACCES.
enum Cache {
    static func number(_ value: @escaping @Sendable (Snapshot.Cache) -> Int?) -> Renderer {
        { snapshot, instance, out in
            guard let number = cache(snapshot, instance).flatMap(value) else { return }
            out.write(number)
            out.write(byte: 0x0a)
        }
    }

    static func text(_ value: @escaping @Sendable (Snapshot.Cache) -> String?) -> Renderer {
        { snapshot, instance, out in
            guard let text = cache(snapshot, instance).flatMap(value) else { return }
            out.write(text)
            out.write(byte: 0x0a)
        }
    }

    static let sharedList = text(shared: { set, _ in set.list })
    static let sharedMap = text(shared: { set, width in set.mask(width: width) })

    private static func text(shared form: @escaping @Sendable (CPUSet, _ width: Int) -> String) -> Renderer {
        { snapshot, instance, out in
            guard let cache = cache(snapshot, instance) else { return }
            let shared = cache.shared.intersection(snapshot.cpus.visible)
            out.write(form(shared.isEmpty ? CPUSet([Pattern.cache(instance).cpu]) : shared, snapshot.cpus.width))
            out.write(byte: 0x0a)
        }
    }

    private static func cache(_ snapshot: borrowing Snapshot, _ instance: Int) -> Snapshot.Cache? {
        let (cpu, index) = Pattern.cache(instance)
        guard let caches = snapshot.cpus.caches[cpu], caches.indices.contains(index) else { return nil }
        return caches[index]
    }
}
