/// Lines of a configuration file, as the kernel and TOML have them: a newline byte ends one.
///
/// `split` of a `String` does not find it in `"\r\n"`, which is one `Character`: a file with such line ends would be a single line, and
/// all of it a comment when it begins with one.
public enum Lines {
    /// Without their newlines, empty ones included; `"\r"` stays, so that joined by newlines they are the text again.
    public static func of(_ text: String) -> [String] {
        text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false).map { String(Substring($0)) }
    }

    /// The line without the `"\r"` at its end.
    static func withoutReturn(_ line: String) -> Substring { line.utf8.last == 0x0d ? line.dropLast() : line[...] }
}
