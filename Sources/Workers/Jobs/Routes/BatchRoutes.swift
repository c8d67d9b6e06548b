import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules
import FlotillaStorage

/// `/api/v1/batches`: many jobs as one.
struct BatchRoutes: Sendable {
    private enum Body {
        static let name = Field.optional("name", .string(length: 1...200), "What it is for.")
        static let fields: Fields = [name]
    }

    private enum Query {
        static let complete = Field.optional(
            "complete",
            .choice(["true", "false"]),
            "Only batches that are, or are not."
        )
        static let cursor = Field.optional("cursor", .uuid, "The nextCursor of the page before.")
        static let limit = Field.optional("limit", .integer(1...200), "Batches on a page; 50 unless given.")
        static let fields: Fields = [complete, cursor, limit]
    }

    private static let id = Field.required("id", .uuid, "The batch.")

    private let batches: JobBatches
    private let lists: JobBatches
    private let cancellation: BatchCancellation
    private let topic: String

    init(_ context: APIContext) {
        batches = JobBatches(context.postgres)
        lists = JobBatches(context.lists)
        cancellation = BatchCancellation(context.postgres)
        topic = context.topology.events.name
    }

    var routes: [Route] {
        [
            Route(
                "POST",
                "/api/v1/batches",
                access: .scope(.enqueue),
                summary: "Make an open batch. Jobs are added with its id until it is closed.",
                body: Body.fields,
                examples: [("batch", #"{"name":"invoices of May"}"#)],
                answers: [.of(201, "The batch.", Schemas.batch, hasLocation: true)],
                handler: create
            ),
            Route(
                "GET",
                "/api/v1/batches/{id}",
                access: .anyOf([.read, .enqueue]),
                summary: "A batch, with how many of its jobs are in each state. With enqueue alone, only one's own.",
                parameters: [Self.id],
                answers: [.of(200, "The batch.", Schemas.batch), .of(404, "There is no such batch.")],
                handler: get
            ),
            Route(
                "GET",
                "/api/v1/batches",
                access: .scope(.read),
                summary: "Batches, the newest first, without the counts of their jobs.",
                query: Query.fields,
                answers: [.of(200, "A page of batches.", Schemas.batchPage)],
                handler: list
            ),
            Route(
                "POST",
                "/api/v1/batches/{id}/close",
                access: .anyOf([.operate, .enqueue]),
                summary:
                    "Close a batch: it is complete once all of its jobs have ended. A second time changes nothing.",
                about:
                    "From now on only a job of the batch that runs may add jobs to it. An empty batch is complete at once.",
                parameters: [Self.id],
                answers: [.of(200, "The batch.", Schemas.batch), .of(404, "There is no such batch.")],
                handler: close
            ),
            Route(
                "POST",
                "/api/v1/batches/{id}/cancel",
                access: .anyOf([.operate, .enqueue]),
                summary: "Cancel the jobs of a batch that have had no effect yet, and close it.",
                about: "Those that run are asked to end, as `POST /api/v1/jobs/{id}/cancel` does.",
                parameters: [Self.id],
                answers: [.of(200, "The batch.", Schemas.batch), .of(404, "There is no such batch.")],
                handler: cancel
            ),
        ]
    }

    private func create(_ call: Call) async throws -> HTTPResponse {
        let batch = try await batches.create(
            name: call.body[Body.name],
            createdBy: call.principal?.reference,
            correlationID: call.correlationID
        )
        return Envelope.success(batch.json, status: 201, headers: ["Location": "/api/v1/batches/\(batch.id)"])
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        Envelope.success(try await batch(of: call, orWith: .read).json)
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let limit = call.query[Query.limit] ?? 50
        let found = try await lists.list(
            isComplete: call.query[Query.complete].map { $0 == "true" },
            after: call.query[Query.cursor]?.lowercased(),
            limit: limit + 1
        )
        return Envelope.page(
            found.prefix(limit).map(\.json),
            nextCursor: found.count > limit ? found[limit - 1].id : nil
        )
    }

    private func close(_ call: Call) async throws -> HTTPResponse {
        let id = try await batch(of: call, orWith: .operate).id
        _ = try await batches.close(id)
        return try await show(id)
    }

    private func cancel(_ call: Call) async throws -> HTTPResponse {
        let id = try await batch(of: call, orWith: .operate).id
        let event = OperatorEvent("batch.cancel", of: id)
        let record = ReceivedRequest.current.map { [Outbox.insert([event.message(of: $0, to: topic)])] } ?? []
        _ = try await cancellation.cancel(id, because: nil, record: record)
        return try await show(id)
    }

    private func show(_ id: String) async throws -> HTTPResponse {
        guard let batch = try await batches.get(id) else { throw APIError.notFound("batch \(id)") }
        return Envelope.success(batch.json)
    }

    /// - Throws: 422 for what is no UUID, 404 for a batch that there is not, and for another's without the scope.
    private func batch(of call: Call, orWith scope: Scope) async throws -> JobBatch {
        let id = call.parameter("id").lowercased()
        guard id.isUUID else { throw APIError.invalid([.init(field: "id", message: "has to be a UUID")]) }
        let batch = try await batches.get(id)
        let isOwn = batch?.createdBy != nil && batch?.createdBy == call.principal?.reference
        guard let batch, isOwn || call.principal?.mayUse(scope) == true else { throw APIError.notFound("batch \(id)") }
        return batch
    }
}
