import FlotillaModels
import FlotillaPlatform
import FlotillaTicketDocuments

/// Makes the tickets of one job: what each is to look like, and which of them are there already.
struct TicketWriter: Sendable {
    let jobRequest: TicketJobRequest
    let jobID: String
    let configuration: TicketConfiguration
    let signer: TicketSigner
    /// Whether tokens of a key are still accepted.
    let acceptsKey: @Sendable (String) -> Bool
    /// Seconds since 1970.
    let issuedAt: UInt32

    /// What is to be done with one place of the job.
    enum Step: Sendable {
        case done(TicketOutcome)
        case render(RenderRequest, TicketDraft)
    }

    func step(_ position: Int, _ entry: TicketEntry, known: GeneratedTicket?) -> Step {
        switch entry {
        case .faulty(let id, let code, let problem):
            return .done(
                TicketOutcome(position: position, ticketID: id, code: code, result: .failure(problem), duration: .zero)
            )
        case .ticket(let request):
            do throws(TicketProblem) {
                return try step(position, request, known)
            } catch {
                return .done(outcome(position, request, .failure(error)))
            }
        }
    }

    /// Seconds since 1970.
    private func expiresAt(_ request: TicketRequest) -> UInt32? { jobRequest.expiresAt(request, configuration) }

    private func outcome(
        _ position: Int,
        _ request: TicketRequest,
        _ result: Result<GeneratedTicket, TicketProblem>,
        _ duration: Duration = .zero
    ) -> TicketOutcome {
        TicketOutcome(
            position: position,
            ticketID: request.id,
            code: request.code,
            result: result,
            duration: duration
        )
    }

    private func step(
        _ position: Int,
        _ request: TicketRequest,
        _ known: GeneratedTicket?
    ) throws(TicketProblem) -> Step {
        let template = try configuration.template(of: request)
        if let known {
            guard known.eventID.text == jobRequest.eventID.text else {
                throw TicketProblem(code: .otherEvent, message: "ticket \(request.id.text) is of another event")
            }
            guard known.cancelledAt == nil else { throw TicketProblem.cancelled(request.id) }
        }
        var content = jobRequest.content(of: request, template, configuration)
        let hash = contentHash(content, request)
        // Whose guest is forgotten stays so, however often it is asked for.
        if let known, known.contentHash == hash, acceptsKey(known.keyID) || known.size == 0 {
            return .done(outcome(position, request, .success(known)))
        }
        let identity = try identity(request, known)
        content.token = identity.token
        content.issuedAt = Int64(identity.issuedAt)
        let draft = TicketDraft(
            position: position,
            request: request,
            template: template,
            identity: identity,
            contentHash: hash
        )
        return .render(RenderRequest(content: content, path: identity.path), draft)
    }

    /// A ticket that is made anew keeps its token, so that what its guest has printed stays valid.
    private func identity(
        _ request: TicketRequest,
        _ known: GeneratedTicket?
    ) throws(TicketProblem) -> TicketDraft.Identity {
        if let known, acceptsKey(known.keyID), known.expiresAt == expiresAt(request).map({ Int64($0) * 1_000_000 }) {
            return TicketDraft.Identity(
                token: known.token,
                keyID: known.keyID,
                issuedAt: UInt32(clamping: known.issuedAt / 1_000_000),
                path: known.path,
                url: known.url
            )
        }
        let token = TicketToken(
            eventID: jobRequest.eventID.text,
            ticketID: request.id.text,
            issuedAt: issuedAt,
            expiresAt: expiresAt(request)
        )
        guard let token else { throw TicketProblem(code: .invalid, message: "ticket_id: no token can hold it") }
        let text = signer.seal(token)
        let path = known?.path ?? TicketAddress.path(of: request.id.text, issuedAt: issuedAt)
        return TicketDraft.Identity(
            token: text,
            keyID: signer.key.description,
            issuedAt: issuedAt,
            path: path,
            url: configuration.address.url(of: request.id.text, path: path, token: text)
        )
    }

    /// The same for tickets that look the same but for their tokens.
    private func contentHash(_ content: TicketContent, _ request: TicketRequest) -> [UInt8] {
        let texts: [String?] = [
            request.id.text, jobRequest.eventID.text, content.template.rawValue, content.language.rawValue,
            content.eventTitle, content.date, content.time, content.place, content.organizer, content.guestName,
            content.type, content.code, content.terms, content.accent.map { "\($0)" },
            content.logo.map { SHA256.digest($0.png).hexadecimal }, expiresAt(request).map { "\($0)" },
            request.guestEmail, request.guestID,
        ]
        let list = JSONValue.array(texts.map { $0.map { .string($0) } ?? .null })
        return SHA256.digest(list.json)
    }
}

extension TicketWriter {
    /// - Parameter now: microseconds since 1970.
    func outcome(of draft: TicketDraft, _ rendered: RenderResult, now: Int64) -> TicketOutcome {
        switch rendered {
        case .failure(let error):
            outcome(draft.position, draft.request, .failure(TicketProblem(code: .document, message: error.detail)))
        case .success(let file):
            outcome(draft.position, draft.request, .success(ticket(draft, file, now: now)), file.duration)
        }
    }

    private func ticket(_ draft: TicketDraft, _ file: RenderedTicket, now: Int64) -> GeneratedTicket {
        let request = draft.request
        return GeneratedTicket(
            ticketID: request.id,
            eventID: jobRequest.eventID,
            guestID: request.guestID,
            jobID: jobID,
            code: request.code,
            guestName: request.guestName,
            guestEmail: request.guestEmail,
            type: request.type,
            template: draft.template.rawValue,
            eventTitle: jobRequest.details.title,
            keyID: draft.identity.keyID,
            token: draft.identity.token,
            contentHash: draft.contentHash,
            path: draft.identity.path,
            url: draft.identity.url,
            size: file.size,
            fileHash: file.hash,
            issuedAt: Int64(draft.identity.issuedAt) * 1_000_000,
            expiresAt: expiresAt(request).map { Int64($0) * 1_000_000 },
            generatedAt: now,
            cancelledAt: nil,
            missingCharacters: file.missingCharacters.isEmpty ? nil : String(file.missingCharacters)
        )
    }
}
