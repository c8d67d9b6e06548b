package import FlotillaHTTPRouting
package import FlotillaModels
package import FlotillaModules
import FlotillaPlatform
package import FlotillaStorage
import Workers

/// `/api/v1/tickets`: have tickets made, and look them up; `/tickets/{file}`: fetch one.
package struct TicketRoutes: Sendable {
    private enum Query {
        static let event = Field.optional("eventId", .string(length: 1...64), "Only tickets of this event.")
        static let job = Field.optional("jobId", .string(), "Only tickets of this job.")
        static let code = Field.optional("code", .string(), "Only tickets with this code.")
        static let cursor = Field.optional("cursor", .string(length: 1...64), "The nextCursor of the page before.")
        static let limit = Field.optional("limit", .integer(1...200), "Tickets on a page; 50 unless given.")
        static let proof = Field.optional("proof", .string(length: 1...64), "As the ticket's own address has it.")
        static let list: Fields = [event, job, code, cursor, limit]
        static let file: Fields = [proof]
    }

    private static let idempotencyKey = IdempotencyHeader.field(
        "Repeats with the same key give the same job; the job_id is the key unless given."
    )

    /// The command that the worker takes.
    private static let type = "ticket.generation.requested"

    private let jobs: JobIntake
    private let records: TicketRecords
    private let lists: TicketRecords
    private let files: (any TicketFileStore)?
    private let admission: AdmissionControl
    private let rules: IntakeRules

    /// - Parameter files: `nil` goes without the files themselves.
    package init(
        _ pool: PostgresPool,
        lists: PostgresPool? = nil,
        routing: JobRouting,
        files: (any TicketFileStore)?,
        admission: AdmissionControl,
        rules: IntakeRules
    ) {
        jobs = JobIntake(Jobs(pool, routing: routing))
        records = TicketRecords(pool)
        self.lists = TicketRecords(lists ?? pool)
        self.files = files
        self.admission = admission
        self.rules = rules
    }

    package var routes: [Route] {
        let lookUp = [
            Route(
                "GET",
                "/api/v1/tickets/{id}",
                access: .scope(.read),
                summary: "A ticket that has been made. With read:personal its code, links and guest are shown.",
                holdsSecrets: true,
                answers: [.of(200, "The ticket.", Schemas.ticket), .of(404, "There is no such ticket.")],
                handler: get
            ),
            Route(
                "GET",
                "/api/v1/tickets",
                access: .scope(.read),
                summary: "Tickets that have been made, by their ids, with the same masked.",
                query: Query.list,
                holdsSecrets: true,
                answers: [.of(200, "A page of tickets.", Schemas.ticketPage)],
                handler: list
            ),
        ]
        // The second path is the one that services use already.
        return ["/api/v1/tickets/generate", "/api/tickets/generate"].map(generation) + lookUp
            + (files.map { [fileRoute($0)] } ?? [])
    }

    private func generation(_ path: String) -> Route {
        Route(
            "POST",
            path,
            access: .scope(.enqueue),
            summary: "Have tickets made. The answer comes once the job is stored for good.",
            body: Fields(TicketMessages.generationFields),
            examples: [("tickets", TicketMessages.example)],
            headers: [Self.idempotencyKey],
            holdsSecrets: true,
            answers: [
                .of(202, "Accepted; Location says where to follow it.", Schemas.job, hasLocation: true),
                .of(403, "The key lacks the scope, or a grant for jobs of the type \(Self.type)."),
                .of(409, "The first request with the idempotency key is not answered yet."),
                .of(422, "The request has mistakes, or its idempotency key, or job_id, belongs to another one."),
            ],
            handler: generate
        )
    }

    private func fileRoute(_ files: any TicketFileStore) -> Route {
        Route(
            "GET",
            "/tickets/{file}",
            access: .open,
            summary: "A ticket as PDF, for who was given its address.",
            query: Query.file,
            holdsSecrets: true,
            answers: [
                .of(200, "The file.", in: "application/pdf"),
                .of(404, "There is no such ticket, or the proof is not its own."),
            ]
        ) { call in try await file(call, files) }
    }

    private func generate(_ call: Call) async throws -> HTTPResponse {
        try rules.check(job: Self.type, from: call.principal)
        let jobRequest: TicketJobRequest
        do throws(InvalidPayload) {
            jobRequest = try TicketJobRequest(body: call.request.body)
        } catch {
            throw APIError.invalid([.init(field: error.field, message: error.problem)])
        }
        try admission.check()
        let byJob = jobRequest.jobID.map { call.idempotencyKey("ticket-job:\($0.text)", path: Self.type) }
        let outcome = try await jobs.enqueue(
            NewJob(
                type: Self.type,
                payload: call.request.body,
                idempotencyKey: call.idempotencyKey ?? byJob,
                correlationID: call.correlationID,
                createdBy: call.principal?.reference
            )
        )
        return try outcome.answer(to: call.idempotencyKey == nil ? "job_id" : IdempotencyHeader.name, of: call)
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        let id = call.parameter("id")
        guard TicketToken.isValid(id), let ticket = try await records.get(id) else {
            throw APIError.notFound("ticket \(id.prefix(100))")
        }
        return Envelope.success(ticket.json(call.mask))
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let limit = call.query[Query.limit] ?? 50
        let found = try await lists.list(
            .init(
                eventID: call.query[Query.event],
                jobID: call.query[Query.job],
                code: call.query[Query.code],
                after: call.query[Query.cursor],
                limit: limit + 1
            )
        )
        return Envelope.page(
            found.prefix(limit).map { $0.json(call.mask) },
            nextCursor: found.count > limit ? found[limit - 1].ticketID.text : nil
        )
    }

    /// Whoever asks for a file without its proof does not learn whether it is there.
    private func file(_ call: Call, _ files: any TicketFileStore) async throws -> HTTPResponse {
        let missing = APIError.notFound("such ticket")
        let name = call.parameter("file")
        guard name.hasSuffix(".pdf"), let proof = call.query[Query.proof] else { throw missing }
        let id = String(name.dropLast(4))
        guard TicketToken.isValid(id), let ticket = try await records.get(id),
            ConstantTime.areEqual(Array(proof.utf8), Array(TicketAddress.proof(of: ticket.token).utf8))
        else { throw missing }
        let bytes: [UInt8]?
        do {
            bytes = try await files.get(ticket.path)
        } catch is DependencyOutage {
            throw APIError.unavailable("The store of files")
        }
        guard let bytes else { throw missing }
        var response = HTTPResponse(status: 200, body: bytes)
        response.headers.add("Content-Type", "application/pdf")
        response.headers.add("Content-Disposition", "inline; filename=\"ticket.pdf\"")
        response.headers.add("Cache-Control", "private, no-cache")
        return response
    }
}

extension GeneratedTicket {
    fileprivate func json(_ mask: PersonalMask) -> String {
        var object = JSONObject()
        object.add("ticketId", json: ticketID.json.json)
        object.add("ticketCode", mask.value(code))
        object.add("eventId", json: eventID.json.json)
        object.add("eventTitle", eventTitle)
        object.add("guestId", json: guest?.json.json)
        object.add("guestName", mask.value(guestName))
        object.add("type", type)
        object.add("template", template)
        object.add("jobId", jobID)
        object.add("qrCodeData", mask.value(token))
        if hasFile {
            object.add("fileUrl", mask.value(url))
            object.add("filePath", mask.value("/tickets/\(path)"))
        } else {
            object.add("fileUrl", json: "null")
            object.add("filePath", json: "null")
        }
        object.add("fileSize", size)
        object.add("issuedAt", WallClock.iso8601(issuedAt))
        object.add("expiresAt", expiresAt.map { WallClock.iso8601($0) })
        object.add("generatedAt", WallClock.iso8601(generatedAt))
        object.add("cancelledAt", cancelledAt.map { WallClock.iso8601($0) })
        // They are of the guest's name, or of another of the ticket's texts.
        object.add("missingCharacters", mask.value(missingCharacters))
        return object.closed
    }
}
