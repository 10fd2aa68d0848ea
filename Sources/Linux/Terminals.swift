import CLinux

public enum Terminals {
    /// Rows and columns; nil for what is no terminal, or one that does not say.
    public static func windowSize(of terminal: CInt) -> (rows: UInt16, columns: UInt16)? {
        var rows: UInt16 = 0
        var columns: UInt16 = 0
        guard unsafe clinux_window_size(terminal, &rows, &columns) == 0, rows > 0, columns > 0 else { return nil }
        return (rows, columns)
    }
}
