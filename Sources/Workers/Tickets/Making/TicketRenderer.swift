import FlotillaTicketDocuments
import Workers

/// Draws tickets on threads of its own, one for each core that it is given, so that no task waits for a page.
package final class TicketRenderer: Sendable {
    private let rendererThreads: [RendererThread]

    /// - Parameter threads: at least one.
    package init(threads: Int) {
        rendererThreads = (0..<max(1, threads)).map { RendererThread(number: $0) }
    }

    /// Ends the threads once they are done.
    package func close() {
        for rendererThread in rendererThreads { rendererThread.close() }
    }

    /// Draws and stores the tickets, side by side; answers for each, in order.
    ///
    /// - Throws: what the store throws, and `CancellationError` between two tickets. What is stored by then stays.
    func render(_ requests: [RenderRequest], into store: any TicketFileStore) async throws -> [RenderResult] {
        let queue = RenderQueue(requests)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for rendererThread in rendererThreads {
                group.addTask { try await rendererThread.work(through: queue, store) }
            }
            try await group.waitForAll()
        }
        let results = queue.results
        try await store.sync(
            zip(requests, results).compactMap { request, result in result.isSuccess ? request.path : nil }
        )
        return results
    }
}

typealias RenderResult = Result<RenderedTicket, TicketDocumentError>
