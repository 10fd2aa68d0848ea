#if arch(x86_64)
    /// A program of the machine's 32-bit ABI that makes one system call: too small to need a compiler for one.
    struct CompatProgram: Sendable {
        /// By the table of i386, its arguments below 4 GiB.
        let number: UInt32
        let arguments: [UInt32]
        /// Where it may have `room` bytes written, and prints them: the address is the argument that is `buffer`.
        var room: UInt32 = 0

        static let buffer: UInt32 = 0x0804_a000
        /// `proc`, `nfsd` and `/tmp/m`, each with its zero.
        static let proc: UInt32 = base + 0x400
        static let nfsd: UInt32 = base + 0x408
        static let place: UInt32 = base + 0x410

        private static let base: UInt32 = 0x0804_8000

        /// Ends with the errno as its status, 0 when the call succeeds.
        var elf: [UInt8] {
            var code: [UInt8] = []
            // mov of an immediate to eax, ebx, ecx, edx, esi, edi.
            let registers: [UInt8] = [0xb8, 0xbb, 0xb9, 0xba, 0xbe, 0xbf]
            for (register, value) in zip(registers, [number] + arguments) { code += [register] + bytes(value) }
            code += [0xcd, 0x80]
            // mov ebp, eax; then write(1, buffer, room).
            code += [0x89, 0xc5]
            for (register, value) in zip(registers, [4, 1, CompatProgram.buffer, room]) { code += [register] + bytes(value) }
            code += [0xcd, 0x80]
            // neg ebp; mov ebx, ebp; exit(ebx).
            code += [0xf7, 0xdd, 0x89, 0xeb, 0xb8] + bytes(1) + [0xcd, 0x80]
            var image: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1] + [UInt8](repeating: 0, count: 9)
            image += [2, 0, 3, 0] + bytes(1) + bytes(CompatProgram.base + 0x80) + bytes(52) + bytes(0) + bytes(0)
            image += [52, 0, 32, 0, 2, 0, 0, 0, 0, 0, 0, 0]
            // The file, readable and executable; a page to write to.
            image += segment(offset: 0, at: CompatProgram.base, file: 0x1000, memory: 0x1000, flags: 5)
            image += segment(offset: 0, at: CompatProgram.buffer, file: 0, memory: 0x1000, flags: 6)
            put(code, at: 0x80, &image)
            put(Array("proc".utf8), at: 0x400, &image)
            put(Array("nfsd".utf8), at: 0x408, &image)
            put(Array("/tmp/m".utf8), at: 0x410, &image)
            put([0], at: 0xfff, &image)
            return image
        }

        private func segment(offset: UInt32, at address: UInt32, file: UInt32, memory: UInt32, flags: UInt32) -> [UInt8] {
            [1, offset, address, address, file, memory, flags, 0x1000].flatMap(bytes)
        }

        private func bytes(_ word: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }

        private func put(_ bytes: [UInt8], at offset: Int, _ image: inout [UInt8]) {
            if image.count < offset + bytes.count { image += [UInt8](repeating: 0, count: offset + bytes.count - image.count) }
            image.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
        }

        /// A shell command that makes it at `path`, executable.
        func script(at path: String) -> String {
            let octal = elf.map { "\\" + String($0, radix: 8) }
            // printf has a longest argument in some shells; zeros are most of it.
            return "printf '\(octal.joined())' >\(path); chmod 755 \(path)"
        }
    }
#endif
