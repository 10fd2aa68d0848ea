import Glibc

/// All labels in one run, taking turns, so that each sees the same noise of the machine.
struct Measurement {
    let options: Options

    func run() throws(Failure) -> [Summary] {
        let step = options.mode == .bytes ? 1 : options.buffer
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: step, alignment: 4096)
        defer { unsafe buffer.deallocate() }
        // Touched before the first read, which would otherwise pay for the page faults.
        unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0)

        var summaries: [Summary] = []
        let samples = unsafe try sample(step: step, buffer: buffer)
        for (file, times) in zip(options.files, samples) { summaries.append(Summary(label: file.label, samples: times)) }
        return summaries
    }

    private func sample(step: Int, buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> [[UInt64]] {
        var samples = [[UInt64]](repeating: [], count: options.files.count)
        for index in samples.indices { samples[index].reserveCapacity(options.rounds) }
        var readers: [Reader] = []
        for file in options.files { readers.append(try Reader(label: file.label, path: file.path)) }
        for round in 0..<(options.warmUp + options.rounds) {
            for turn in readers.indices {
                // Every other round backwards: no label always follows the same neighbour.
                let index = round.isMultiple(of: 2) ? turn : readers.count - 1 - turn
                if options.pause > 0 { usleep(UInt32(options.pause)) }
                let elapsed = unsafe try readers[index].time(step: step, into: buffer)
                if round >= options.warmUp { samples[index].append(elapsed) }
            }
        }
        return samples
    }
}
