import Synchronization

/// A connection as the pool has lent it.
struct PooledConnection: Sendable {
    let id: Int
    let session: PostgresConnection

    func run(_ trip: RoundTrip) async throws(RoundTripError) -> [SQLResult] {
        let interruption = session.interruption()
        let result = await withTaskCancellationHandler {
            await session.result(of: trip, interruption)
        } onCancel: {
            interruption.request()
        }
        return try result.get()
    }
}
