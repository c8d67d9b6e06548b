import Models
import Storage
import Synchronization

/// The end of a job, to be recorded in Postgres once: in the effect's transaction, or else before the acknowledgement.
final class JobEnd: Sendable {
    let id: String
    let attempt: Int
    private let recorded = Atomic<Bool>(false)

    init(id: String, attempt: Int) {
        self.id = id
        self.attempt = attempt
    }

    var isRecorded: Bool { recorded.load(ordering: .relaxed) }

    func markRecorded() { recorded.store(true, ordering: .relaxed) }

    var succeeded: SQLStatement { Jobs.succeeded(id, attempts: attempt, result: nil) }

    func dead(_ failure: Failure) -> SQLStatement { Jobs.dead(id, attempts: attempt, failure: failure) }
}
