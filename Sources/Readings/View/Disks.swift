import Text
import Tree

/// The lines of io.stat whose device the node has a name for.
func disks(_ bytes: [UInt8], names: [DeviceNumber: String], numbers: DiskNumbers) -> [Snapshot.Disk] {
    Lines(bytes).compactMap { line in
        guard let nested = NestedLine(line), let device = nested.device,
            let name = names[DeviceNumber(major: device.major, minor: device.minor)], let number = numbers.number(of: name)
        else { return nil }
        var disk = Snapshot.Disk()
        disk.major = device.major
        disk.minor = device.minor
        disk.name = name
        disk.number = number
        disk.readBytes = nested["rbytes"] ?? 0
        disk.writtenBytes = nested["wbytes"] ?? 0
        disk.reads = nested["rios"] ?? 0
        disk.writes = nested["wios"] ?? 0
        disk.discardedBytes = nested["dbytes"] ?? 0
        disk.discards = nested["dios"] ?? 0
        return disk
    }
}
