import FlotillaModels
import Synchronization

/// The months whose partitions this process has seen, so that it need not query them for each batch.
final class PartitionCache: Sendable {
    private let months = Mutex<Set<CalendarMonth>>([])

    func contains(_ month: CalendarMonth) -> Bool { months.withLock { $0.contains(month) } }
    func add(_ month: CalendarMonth) { _ = months.withLock { $0.insert(month) } }
    func removeAll() { months.withLock { $0.removeAll() } }
}
