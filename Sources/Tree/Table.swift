/// The whole tree: one row a path. Order is the order of readdir.
public enum Table {
    public static let rows: [Row] = []
}
