import FlotillaTicketDocuments
import Workers

/// Draws tickets on threads of its own, one for each core that it is given, so that no task waits for a page.
package final class TicketPress: Sendable {
    private let desks: [PressDesk]

    /// - Parameter threads: at least one.
    package init(threads: Int) {
        desks = (0..<max(1, threads)).map { PressDesk(number: $0) }
    }

    /// Ends the threads once they are done.
    package func close() {
        for desk in desks { desk.close() }
    }

    /// Draws and stores the tickets, side by side; answers for each, in order.
    ///
    /// - Throws: what the store throws, and `CancellationError` between two tickets. What is stored by then stays.
    func print(_ orders: [PrintOrder], into store: any TicketFileStore) async throws -> [PrintResult] {
        let queue = PrintQueue(orders)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for desk in desks { group.addTask { try await desk.work(through: queue, store) } }
            try await group.waitForAll()
        }
        let results = queue.results
        try await store.settle(zip(orders, results).compactMap { order, result in result.isSuccess ? order.path : nil })
        return results
    }
}

/// A ticket to draw, and where its file goes.
struct PrintOrder: Sendable {
    let content: TicketContent
    let path: String
}

typealias PrintResult = Result<PrintedTicket, TicketDocumentError>

/// What is to be known of a file that has been written.
struct PrintedTicket: Sendable, Hashable {
    let size: Int
    /// SHA-256.
    let hash: [UInt8]
    let duration: Duration
}
