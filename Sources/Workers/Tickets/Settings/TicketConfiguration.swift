import FlotillaModels
package import FlotillaTicketDocuments

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

    /// The template that a ticket asks for, else that of its type, else the standard one. Numbers are some service's own:
    /// one that is not configured says nothing.
    ///
    /// - Throws: `TicketProblem` for a name that stands for nothing.
    func template(of ticket: TicketRequest) throws(TicketProblem) -> TicketTemplate {
        let ofType = templates[ticket.type] ?? TicketTemplate(rawValue: ticket.type.lowercased()) ?? .standard
        guard let choice = ticket.template else { return ofType }
        if let template = templates[choice.text] ?? TicketTemplate(rawValue: choice.text.lowercased()) {
            return template
        }
        if choice.isNumber || choice.text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return ofType }
        let names = TicketTemplate.allCases.map(\.rawValue).joined(separator: ", ")
        throw TicketProblem(
            code: .unknownTemplate,
            message: "no template is called \(choice.text); there are \(names)"
        )
    }
}
