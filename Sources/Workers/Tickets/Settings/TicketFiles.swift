import FlotillaOutbound
import FoundationEssentials

/// Where this process keeps tickets' files.
package struct TicketFiles: Sendable {
    package let store: any TicketFileStore
    /// `nil` for a folder.
    let engine: TransferEngine?

    package func close() async { await engine?.close() }
}
