import FlotillaLocalization
import FlotillaModels
import FlotillaPlatform
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

    /// In which times are shown, and in which those without an offset are written.
    func zone(_ configuration: TicketConfiguration) -> NamedTimeZone {
        details.zone ?? NamedTimeZone.named(configuration.timeZone) ?? .utc
    }

    /// The zone that was assumed for times without an offset; `nil` when there are none, or the job names one.
    func assumedZone(_ configuration: TicketConfiguration) -> NamedTimeZone? {
        let hasLocalEnd = entries.contains { entry in
            if case .ticket(let ticket) = entry { ticket.end?.isLocal ?? false } else { false }
        }
        return details.zone == nil && (details.startsAt?.kind == .local || hasLocalEnd) ? zone(configuration) : nil
    }

    /// When the event is, for whoever does not know the job's zone.
    func eventDate(_ configuration: TicketConfiguration) -> String? {
        guard let start = details.startsAt, start.kind == .local else { return details.dateText }
        return WallClock.iso8601(start.moment(in: zone(configuration)))
    }

    /// When a ticket ends, in seconds since 1970.
    func expiresAt(_ request: TicketRequest, _ configuration: TicketConfiguration) -> UInt32? {
        request.end.map { UInt32(clamping: $0.moment(in: zone(configuration)) / 1_000_000) }
    }

    /// What a ticket's page says, without the token.
    func content(
        of request: TicketRequest,
        _ template: TicketTemplate,
        _ configuration: TicketConfiguration
    ) -> TicketContent {
        let language = details.language.flatMap(MessageLocale.init(tag:)) ?? configuration.language.written
        let zone = zone(configuration)
        let hasTime = details.startsAt.map { $0.kind != .day } ?? false
        let local = details.startsAt.flatMap {
            hasTime ? zone.local(at: $0.moment(in: zone)) : NamedTimeZone.utc.local(at: $0.microseconds)
        }
        return TicketContent(
            template: template,
            language: language.ticket,
            eventTitle: details.title,
            date: local.map { language.date($0) },
            time: hasTime ? local.map { "\(language.time($0)) (\(zone.city))" } : nil,
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
