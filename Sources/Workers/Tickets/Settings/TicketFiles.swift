import FlotillaModules
import FlotillaCommandLineKit
import FlotillaOperations
import FlotillaOutbound
import FlotillaTicketDocuments
import FoundationEssentials

/// Where this process keeps tickets' files.
package struct TicketFiles: Sendable {
    package let store: any TicketFileStore
    /// `nil` for a folder.
    let engine: TransferEngine?

    package func close() async { await engine?.close() }
}
