import FlotillaLocalization
package import FlotillaTicketDocuments

extension TicketJobRequest {
    /// The first of its tickets that is in order, with a code that no scan accepts.
    ///
    /// - Parameter template: whatever the job says; `nil` takes what it says.
    /// - Throws: `TicketProblem` when none is.
    package func specimen(
        _ configuration: TicketConfiguration,
        template: TicketTemplate?
    ) throws(TicketProblem) -> TicketContent {
        var problem = TicketProblem(code: .invalid, message: "there is no ticket")
        for entry in entries {
            switch entry {
            case .faulty(_, _, let found): problem = found
            case .ticket(let request):
                let chosen = if let template { template } else { try configuration.template(of: request) }
                var content = content(of: request, chosen, configuration)
                content.token = String(repeating: "SPECIMEN", count: 16)
                return content
            }
        }
        throw problem
    }

    /// What a ticket's page says, without the token.
    func content(
        of request: TicketRequest,
        _ template: TicketTemplate,
        _ configuration: TicketConfiguration
    ) -> TicketContent {
        let language = details.language.flatMap(MessageLocale.init(tag:)) ?? configuration.language.written
        let zone = details.zone ?? NamedTimeZone.named(configuration.timeZone) ?? .utc
        let local = details.startsAt.flatMap { details.hasTime ? zone.local(at: $0) : NamedTimeZone.utc.local(at: $0) }
        return TicketContent(
            template: template,
            language: language.ticket,
            eventTitle: details.title,
            date: local.map { language.date($0) },
            time: details.hasTime ? local.map { "\(language.time($0)) (\(zone.city))" } : nil,
            place: details.place,
            organizer: details.organizer,
            guestName: request.guestName,
            type: request.shownType,
            code: request.code,
            terms: details.terms,
            accent: details.accent,
            logo: details.logo,
            token: "",
            issuedAt: 0
        )
    }
}

extension TicketLanguage {
    fileprivate var written: MessageLocale {
        switch self {
        case .english: .english
        case .french: .french
        }
    }
}

extension MessageLocale {
    fileprivate var ticket: TicketLanguage {
        switch self {
        case .english: .english
        case .french: .french
        }
    }
}
