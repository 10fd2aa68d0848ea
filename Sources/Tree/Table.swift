/// The whole tree: one row a path. Order is the order of readdir. What no row names is denied.
public enum Table {
    public static let rows: [Row] = proc + procNet + procNetTables + procSys + sys
}
