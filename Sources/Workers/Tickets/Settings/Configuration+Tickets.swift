import FlotillaModules
package import FlotillaCommandLineKit
package import FlotillaOperations
import FlotillaOutbound
import FlotillaTicketDocuments
import FoundationEssentials

extension Configuration {
    /// How tickets are made, or what is wrong with it as wrong use.
    package func tickets() throws(CommandError) -> TicketConfiguration {
        var settings = TicketConfiguration(
            address: ticketAddress,
            threads: self[Settings.ticketThreads] ?? min(256, ProcessInfo.processInfo.activeProcessorCount)
        )
        if let url = self[Settings.ticketURL], !["https://", "http://"].contains(where: url.hasPrefix) {
            throw wrong(Settings.ticketURL.name, "has to begin with https:// or http://")
        }
        guard let language = TicketLanguage(rawValue: self[Settings.ticketLanguage]) else {
            throw wrong(Settings.ticketLanguage.name, "has to be en or fr")
        }
        guard let algorithm = TicketAlgorithm(rawValue: self[Settings.ticketSignature]) else {
            throw wrong(Settings.ticketSignature.name, "has to be ed25519 or hmac-sha256")
        }
        settings.language = language
        settings.algorithm = algorithm
        settings.timeZone = (self[Settings.ticketZone] ?? self[Settings.timeZone]).text
        for entry in self[Settings.ticketTemplates]?.words ?? [] {
            let parts = entry.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty, let template = TicketTemplate(rawValue: parts[1]) else {
                let names = TicketTemplate.allCases.map(\.rawValue).joined(separator: ", ")
                throw wrong(
                    Settings.ticketTemplates.name,
                    "has to be entries such as 12=standard; templates are \(names), not “\(entry)”"
                )
            }
            settings.templates[parts[0]] = template
        }
        return settings
    }

    private var ticketAddress: TicketAddress {
        func bare(_ url: String) -> String { url.hasSuffix("/") ? String(url.dropLast()) : url }
        if let url = self[Settings.ticketURL] { return TicketAddress(base: bare(url), isProven: false) }
        return TicketAddress(base: "\(bare(publicURL))/tickets", isProven: true)
    }

    /// The folder that keeps tickets, unless a store does.
    var ticketFolder: TicketFolder { TicketFolder(self[Settings.ticketFolder] ?? "\(home.path)/tickets") }

    /// Where tickets' files are kept, and the engine that carries them there, which has to be closed in the end.
    package func ticketFiles() throws(CommandError) -> TicketFiles {
        guard let url = self[Settings.ticketStore] else { return TicketFiles(store: ticketFolder, engine: nil) }
        guard let keyID = self[Settings.ticketStoreKey], let secret = self[Settings.ticketStoreSecret] else {
            throw wrong(
                Settings.ticketStore.name,
                "needs \(Settings.ticketStoreKey.name) and \(Settings.ticketStoreSecret.name)"
            )
        }
        guard let parsed = ServerURL(url), parsed.query.isEmpty, parsed.user == nil else {
            throw wrong(Settings.ticketStore.name, "has to be a URL with a bucket, without a user and a query")
        }
        let engine = TransferEngine(name: "ticket files", connectionsPerServer: 8)
        let bucket = TicketBucket(
            url: url.hasSuffix("/") ? String(url.dropLast()) : url,
            credentials: .init(region: self[Settings.ticketStoreRegion], service: "s3", keyID: keyID, secret: secret),
            HTTPClient(engine)
        )
        return TicketFiles(store: bucket, engine: engine)
    }

    /// Whether tickets' files can be kept where they are to be.
    ///
    /// - Returns: `nil` when the settings say of no place; that is one of the ``mistakes()``.
    package func ticketFinding() async -> DoctorFinding? {
        guard let files = try? ticketFiles() else { return nil }
        let subject = "tickets"
        let problem: String?
        let place: String
        switch files.store {
        case let bucket as TicketBucket: (place, problem) = (bucket.url, await bucket.problem())
        default: (place, problem) = (ticketFolder.folder, ticketFolder.problem().map { "\($0)" })
        }
        await files.close()
        guard let problem else { return DoctorFinding(subject, .good, "files are kept at \(place)") }
        let setting = files.engine == nil ? Settings.ticketFolder.name : Settings.ticketStore.name
        return DoctorFinding(subject, .bad, problem, remedy: "put it right, or change \(setting)")
    }

    private func wrong(_ name: String, _ problem: String) -> CommandError {
        CommandError("\(name) \(problem)", status: .wrongUse)
    }
}
