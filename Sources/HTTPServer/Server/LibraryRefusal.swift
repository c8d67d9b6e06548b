/// Finds the connection whose request the library is about to refuse: it says that it will, and not whose.
enum LibraryRefusal {
    enum Match {
        case none
        /// The library has read nothing of it since it was last here, at that time. So it is this one only if it is the
        /// last that was here.
        case conceivable(ContinuousClock.Instant)
        /// Its request is at a point where the library may refuse it so, and it keeps that many bytes of it.
        case possible(Int64)
        case certain
    }

    /// Of those that the library has read something of, several have only half of a line there; one that has filled
    /// its memory has more.
    private static let muchHeld: Int64 = 1_024

    /// The one that is certain, or the only one that is possible, or the last that is conceivable; of several that are
    /// possible none, and the library answers by itself.
    static func find(_ status: Int, among connections: some Sequence<HTTPConnection>) -> HTTPConnection? {
        var possible: [(connection: HTTPConnection, held: Int64)] = []
        var last: (connection: HTTPConnection, at: ContinuousClock.Instant)?
        for connection in connections {
            switch connection.match(status) {
            case .none: continue
            case .certain: return connection
            case .possible(let held): possible.append((connection, held))
            case .conceivable(let at): if last.map({ $0.at < at }) ?? true { last = (connection, at) }
            }
        }
        if possible.isEmpty { return last?.connection }
        // What was too long for the memory.
        if possible.count > 1, [414, 431, 500].contains(status) { possible.removeAll { $0.held < muchHeld } }
        return possible.count == 1 ? possible[0].connection : nil
    }
}
