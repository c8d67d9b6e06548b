package import TicketDocuments

/// How tickets are made in this process.
package struct TicketConfiguration: Sendable {
    package var address: TicketAddress
    /// What the numbers and names that services use for templates stand for, before the templates' own names.
    package var templates: [String: TicketTemplate] = [:]
    /// For jobs that name none of the two.
    package var language = TicketLanguage.english
    /// An IANA name, for jobs that name none.
    package var timeZone = "UTC"
    /// Of a key that has to be made.
    package var algorithm = TicketAlgorithm.ed25519
    /// How many tickets are drawn at a time.
    package var threads: Int

    package init(address: TicketAddress, threads: Int) {
        self.address = address
        self.threads = threads
    }

    /// Whether the system knows a time zone of this IANA name.
    package static func isTimeZone(_ name: String) -> Bool { ReaderZone.named(name) != nil }

    /// The template that a ticket asks for, else that of its type, else the standard one.
    ///
    /// - Returns: `nil` for a name that stands for nothing. Numbers are some service's own: one that is not configured
    ///   says nothing.
    func template(_ choice: TicketID?, type: String) -> TicketTemplate? {
        let ofType = templates[type] ?? TicketTemplate(rawValue: type.lowercased()) ?? .standard
        guard let choice else { return ofType }
        let isNumber = choice.isNumber || choice.text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        return templates[choice.text] ?? TicketTemplate(rawValue: choice.text.lowercased()) ?? (isNumber ? ofType : nil)
    }
}
