import FlotillaAudit
package import FlotillaCommandLineKit
import FlotillaModules
import FlotillaOperations
import FlotillaPlatform
import FlotillaStorage
import Workers
import Glibc

/// `flotilla index`: how the search index stands, and making it anew.
package enum IndexCommands {
    package static let all = Command("index", "Shows and rebuilds the search index", verbs: [status, rebuild])

    private static let status = Command(
        "status",
        "Shows what the index holds, how old its newest event is, and whether a rebuild is under way",
        takes: [OutputFormat.option],
        examples: ["flotilla index status", "flotilla index status --output json"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let (status, kind) = try await configuration.withPostgres { pool in
            let backend = try configuration.searchBackend()
            let result = await Task { try await IndexStatus.read(pool, backend.store) }.result
            await backend.close()
            do {
                return (try result.get(), backend.kind)
            } catch let error as DependencyOutage {
                throw CommandError("\(error)", remedy: "check FLOTILLA_SEARCH_URL")
            }
        }
        let answer = Answer(status, backend: kind.rawValue)
        try invocation.show(
            answer,
            as: Table(
                [
                    "backend", "generation", "documents", "validated", "unvalidated", "tombstones", "newest event",
                    "rebuild",
                ],
                [
                    [
                        answer.backend, "\(answer.generation)", "\(answer.documents)", "\(answer.validated)",
                        "\(answer.unvalidated)", "\(answer.tombstones)",
                        answer.newestEventAgeSeconds.map { Self.age($0) } ?? "–",
                        answer.rebuild.map(Self.describe) ?? "none",
                    ]
                ]
            )
        )
        if status.documents < status.validated {
            let missing = status.validated - status.documents
            let they = missing == 1 ? "it is" : "they are"
            invocation.console.note(
                "\(missing.counted("profile")) can't be found; unless \(they) of this very moment, "
                    + "run flotilla index rebuild"
            )
        }
        return .done
    }

    private static let auditOnly = Flag(
        "audit-only",
        "Leave out profiles that only the present index knows of, as from months that the audit log has lost"
    )

    private static let rebuild = Command(
        "rebuild",
        "Makes a fresh index from the audit log, and puts it in the place of the present one",
        takes: [auditOnly, OutputFormat.option],
        details: "Workers go on meanwhile and write both. Searches see the present index until the new one is whole.",
        examples: ["flotilla index rebuild", "flotilla index rebuild --audit-only"]
    ) { invocation in
        let configuration = try invocation.configuration()
        var settings = try configuration.postgres()
        settings.statementTimeout = .seconds(3_600)
        let pool = PostgresPool(settings, size: 2, name: "flotilla index rebuild")
        let backend = try configuration.searchBackend()
        let job = IndexRebuild(
            pool,
            backend.store,
            privacy: AuditPrivacy(pool, masters: try configuration.masterKeyring()),
            auditOnly: invocation[auditOnly]
        )
        let console = invocation.console
        let work = Task { try await job.run(progress: progress(on: console)) }
        let signals = try Signals.stream(of: [SIGTERM, SIGINT])
        let listener = Task { for await _ in signals { work.cancel() } }
        let result = await work.result
        listener.cancel()
        await pool.close()
        await backend.close()
        let report: IndexRebuild.Report
        do {
            report = try result.get()
        } catch let error as IndexRebuildError {
            throw CommandError("the index was not rebuilt: \(error)", remedy: "see flotilla index status")
        } catch let error as DependencyOutage {
            throw CommandError(
                "the index was not rebuilt, and is as it was: \(error)",
                remedy: "check FLOTILLA_SEARCH_URL"
            )
        } catch let error as PostgresError {
            throw CommandError("the index was not rebuilt, and is as it was: \(error)", remedy: "run flotilla doctor")
        }
        var event = OperatorEvent("index.rebuild", of: "\(report.generation)")
        event.details = [("auditOnly", "\(invocation[auditOnly])"), ("documents", "\(report.documents)")]
        await event.record(configuration, orNoteOn: console)
        try invocation.show(
            Rebuilt(report),
            as: Table(
                ["generation", "documents", "events", "carried over", "unreadable"],
                [
                    [
                        "\(report.generation)", "\(report.documents)", "\(report.events)", "\(report.carried)",
                        "\(report.unreadable)",
                    ]
                ]
            )
        )
        return .done
    }

    private struct Answer: Encodable {
        struct Rebuild: Encodable {
            let generation: Int64
            let replayed: Int64
            let total: Int64
            let startedAt: String
            let abandoned: Bool
        }

        let backend: String
        let generation: Int64
        let documents: Int64
        let validated: Int64
        let unvalidated: Int64
        let tombstones: Int64
        let deletedUsers: Int64
        let newestEventAt: String?
        let newestEventAgeSeconds: Double?
        let rebuild: Rebuild?

        init(_ status: IndexStatus, backend: String) {
            self.backend = backend
            generation = status.generation
            documents = status.documents
            validated = status.validated
            unvalidated = status.unvalidated
            tombstones = status.tombstones
            deletedUsers = status.deletedUsers
            newestEventAt = status.newestEventAt.map { WallClock.iso8601($0) }
            newestEventAgeSeconds = status.newestEventAt.map { Double(WallClock.microseconds() - $0) / 1e6 }
            rebuild = status.rebuild.map {
                Rebuild(
                    generation: $0.generation,
                    replayed: $0.replayed,
                    total: $0.total,
                    startedAt: WallClock.iso8601($0.startedAt),
                    abandoned: $0.isAbandoned
                )
            }
        }
    }

    private struct Rebuilt: Encodable {
        let generation: Int64
        let documents: Int64
        let events: Int
        let carriedOver: Int
        let unreadable: Int

        init(_ report: IndexRebuild.Report) {
            generation = report.generation
            documents = report.documents
            events = report.events
            carriedOver = report.carried
            unreadable = report.unreadable
        }
    }

    private static func describe(_ rebuild: Answer.Rebuild) -> String {
        let share = rebuild.total > 0 ? rebuild.replayed * 100 / rebuild.total : 0
        return rebuild.abandoned ? "abandoned at \(share) %" : "\(share) % replayed"
    }

    private static func age(_ seconds: Double) -> String {
        switch seconds {
        case ..<120: "\(Int(seconds)) s"
        case ..<7_200: "\(Int(seconds / 60)) min"
        case ..<172_800: "\(Int(seconds / 3_600)) h"
        default: "\(Int(seconds / 86_400)) d"
        }
    }

    /// Says how far it is, every two seconds, to a person who waits.
    private static func progress(on console: Console) -> @Sendable (IndexRebuild.Progress) -> Void {
        let throttle = ProgressThrottle(.seconds(2))
        return { progress in
            guard console.isInteractive, throttle.isDue() else { return }
            switch progress.step {
            case .replaying: console.note("replaying: \(progress.done) of \(progress.total) rows of the audit log")
            case .carrying: console.note("carrying over: \(progress.done) profiles")
            case .switching: console.note("switching")
            }
        }
    }
}
