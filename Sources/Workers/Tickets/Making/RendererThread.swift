import FlotillaPlatform
import FlotillaTicketDocuments

/// One thread with a PDF renderer of its own: fonts can't be shared between threads.
actor RendererThread {
    private let executor: ThreadExecutor
    private lazy var pdfRenderer = TicketPDFRenderer()

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(number: Int) { executor = ThreadExecutor(name: "tickets-\(number)") }

    nonisolated func close() { executor.stop() }

    /// Takes one ticket after another until there are none.
    ///
    /// - Throws: `CancellationError` between two tickets, errors of the store, and drawing errors that may pass.
    func work(through queue: RenderQueue, _ store: any TicketFileStore) async throws {
        while let (place, request) = queue.next() {
            try Task.checkCancellation()
            let begin = ContinuousClock.now
            let bytes: [UInt8]
            let missing: [Character]
            do throws(TicketDocumentError) {
                bytes = try pdfRenderer.pdf(of: request.content)
                missing = pdfRenderer.missingCharacters
            } catch {
                if error.isRetriable { throw error }
                queue.finish(place, .failure(error))
                continue
            }
            try await store.put(bytes, at: request.path)
            let rendered = RenderedTicket(
                size: bytes.count,
                hash: SHA256.digest(bytes),
                duration: .now - begin,
                missingCharacters: missing
            )
            queue.finish(place, .success(rendered))
        }
    }
}
