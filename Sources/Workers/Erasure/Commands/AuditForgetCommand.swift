import FlotillaPlatform
import FlotillaAudit
package import FlotillaCommandLineKit
import FlotillaDeadLetters
import FlotillaMessaging
import FlotillaModules
import FlotillaOperations
import FlotillaPersonalData
import FlotillaStorage
import FlotillaTelemetry
import Workers

/// `flotilla audit forget`: takes somebody out of everything.
package enum AuditForgetCommand {
    private static let subject = Argument<String>(
        "SUBJECT",
        "user:ID, customer:ID, …, a bare id, an e-mail address, or a telephone number with its +"
    )
    private static let also = ListOption<String>(
        "also",
        "NAME",
        "Another name of the same person, or a text to look for, such as a full name"
    )
    private static let linked = Flag("linked", "Forget those too who share an address or a number with the person")
    private static let alone = Flag("alone", "Leave those who share an address or a number with the person")
    private static let reason = Option<String>("reason", "TEXT", "Why; it stays in the audit log")
    private static let yes = Flag("yes", "Do it")
    private static let dryRun = Flag("dry-run", "Show what would be done")

    private struct Answer: Encodable {
        struct Count: Encodable {
            let store: String
            let records: Int
            /// Of the records, those about the person, and those about others that mention them.
            let own: Int
            let mentions: Int
        }

        let done: Bool
        let operationId: String?
        let keysDestroyed: Int
        let subjects: [String]
        let stores: [Count]
        let linked: [String]
    }

    package static let command = Command(
        "forget",
        "Destroys a person's keys, and takes the person out of dead letters, jobs, notifications, tickets and search",
        takes: [subject, also, linked, alone, reason, yes, dryRun, OutputFormat.option],
        details: """
            Nothing brings the data back. The audit log stays whole and verifiable; what it held of the person can't be \
            read any more. Messages that are still on their way to a worker may bring some of it back to other tables: \
            do it again after the longest retry. When others share an address or a number with the person, nothing is \
            done until --linked or --alone says what becomes of them. docs/privacy.md says what is found and how.
            """,
        examples: [
            "flotilla audit forget user:4711 --dry-run", "flotilla audit forget u-1 --reason 'request 2026-118' --yes",
            "flotilla audit forget u-1 --also 'Ann Lee' --linked --yes",
        ]
    ) { invocation in
        guard invocation[yes] != invocation[dryRun] else {
            throw CommandError("say --dry-run to see what would be forgotten, or --yes to forget it", status: .wrongUse)
        }
        guard !(invocation[linked] && invocation[alone]) else {
            throw CommandError("say --linked or --alone, not both", status: .wrongUse)
        }
        let configuration = try invocation.configuration()
        let masters = try configuration.masterKeyring()
        try await sweepDeadLetters(invocation.program, configuration)
        let redis = try configuration.redis().map { RedisClient($0, name: "flotilla audit forget") }
        let result: Result<ExitStatus, any Error>
        do {
            result = .success(
                try await configuration.withPostgres { pool in
                    let data = try invocation.program.personalData(
                        configuration,
                        in: PersonalDataContext(postgres: pool, redis: redis)
                    )
                    let erasure = SubjectErasure(AuditPrivacy(pool, masters: masters), stores: data.stores)
                    let result: Result<ExitStatus, any Error>
                    do {
                        let (status, operation) = try await forget(erasure, invocation)
                        if let operation {
                            // Not the person, nor why: the row subject.forgotten of that id says what may be said.
                            try await OperatorEvent("audit.forget", of: operation).record(in: pool, configuration)
                        }
                        result = .success(status)
                    } catch { result = .failure(error) }
                    await data.close()
                    return try result.get()
                }
            )
        } catch { result = .failure(error) }
        await redis?.close()
        do {
            return try result.get()
        } catch let error as DependencyOutage {
            throw CommandError("\(error)", remedy: "what was done so far stays; run it again")
        } catch let error as MasterKeyError {
            throw CommandError(error.detail)
        } catch let error as AuditError {
            throw CommandError(error.detail, status: error.code == .invalid ? .wrongUse : .failed)
        } catch let error as RedisError {
            throw CommandError("Redis: \(error.detail)", remedy: "what was done so far stays; run it again")
        }
    }

    /// What lies in the broker's dead-letter queues has to be filed first, since nothing can be taken out of a queue.
    private static func sweepDeadLetters(
        _ program: FleetProgram,
        _ configuration: Configuration
    ) async throws {
        let topology = try configuration.topology()
        let rabbitMQ = try configuration.rabbitMQ()
        let broker = RabbitMQBroker(rabbitMQ, trust: FleetHeaderTrust(topology, user: rabbitMQ.user))
        try await configuration.withPostgres { pool in
            _ = try await pool.ping()
            let sweep = DeadLetterSweep(
                topology: topology,
                broker: broker,
                store: DeadLetterStore(pool),
                observers: program.domains(configuration).flatMap(\.deadLetterObservers),
                log: Log(service: "audit", threshold: .error)
            )
            do {
                _ = try await broker.closing { try await sweep.run() }
            } catch let error as AMQPError {
                throw CommandError(
                    "the dead-letter queues can't be read: \(error.detail)",
                    remedy: "nothing was forgotten; run it again when the broker is back"
                )
            }
        }
    }

    /// The operation is `nil` for a dry run.
    private static func forget(
        _ erasure: SubjectErasure,
        _ invocation: Invocation
    ) async throws -> (ExitStatus, operation: String?) {
        let request = SubjectErasure.Request(actor: OperatorName.current, reason: invocation[reason])
        let isDryRun = invocation[dryRun]
        let report = try await erasure.forget(
            invocation[subject],
            also: invocation[also],
            linked: invocation[linked] ? .included : invocation[alone] ? .leftAlone : .refused,
            by: isDryRun ? nil : request
        ) { store, count in
            if invocation.console.isInteractive { invocation.console.note("\(store): \(count.total)") }
        }
        let answer = Answer(
            done: !isDryRun,
            operationId: report.operationID,
            keysDestroyed: report.subjects.count,
            subjects: report.subjects,
            stores: report.counts.map {
                .init(store: $0.store, records: $0.count.total, own: $0.count.own, mentions: $0.count.mentions)
            },
            linked: report.linked
        )
        let verb = isDryRun ? "would be forgotten" : "forgotten"
        try invocation.show(
            answer,
            as: Table(
                ["where", verb, "the person's", "only mentioned"],
                [
                    [
                        "audit log: keys of "
                            + (report.subjects.isEmpty ? "nobody" : report.subjects.joined(separator: ", ")),
                        "\(report.subjects.count)", "\(report.subjects.count)", "0",
                    ]
                ]
                    + report.counts.map {
                        [$0.store, "\($0.count.total)", "\($0.count.own)", "\($0.count.mentions)"]
                    }
            )
        )
        if !report.linked.isEmpty {
            let step =
                isDryRun
                ? "say --linked to forget them too, or --alone to leave them"
                : "to forget them too: "
                    + report.linked.map { "flotilla audit forget \($0) --yes" }.joined(separator: "; ")
            invocation.console.note("Note: \(report.sharing); \(step)")
        }
        return (.done, report.operationID)
    }
}
