import FlotillaCommandLineKit
import FlotillaModules
import FlotillaOperations
import FlotillaPersonalData
import FlotillaPlatform

/// `flotilla audit report`: what happened, as a file.
enum AuditReportCommand {
    private static let event = Option<String>("event", "EVENT", "Only this event; profile.* is all of an entity's")
    private static let actor = Option<String>("actor", "ID", "Only rows whose actor is this id")
    private static let subject = Option<String>("subject", "ID", "Only rows whose subject is this id")
    private static let service = Option<String>("service", "NAME", "Only events of this service")
    private static let correlation = Option<String>("correlation-id", "ID", "Only what belongs together by this id")
    private static let receivedBy = Option<String>(
        "received-by",
        "CALLER",
        "Only what this caller handed in: key:3f9a0c11d2e4, user:NAME of the broker, cli:NAME"
    )
    private static let since = Option<Instant>("since", "TIME", "Recorded at this time or later")
    private static let until = Option<Instant>("until", "TIME", "Recorded before this time")
    private static let format = Option<ReportFormat>("format", "json|csv|xlsx", "How to write it").defaulting(to: .json)
    private static let output = Option<String>("output", "FILE", "Where to write it; - is standard output")
        .defaulting(to: "-")
    private static let sealed = Flag("sealed", "Leave personal data sealed")

    static let command = Command(
        "report",
        "Writes rows of the audit log: of a subject, an actor, an event or a period",
        takes: [event, actor, subject, service, correlation, receivedBy, since, until, format, output, sealed],
        details: """
            Times are ISO 8601 (2026-01-31, 2026-01-31T09:30:00Z) or go back from now (30d, 12h). Rows come in the order \
            in which they were recorded. What belonged to somebody who is forgotten is shown as "forgotten". Steps of an \
            action tell how it ended and how long it took. --subject and --actor match what each row has in these two \
            columns. A row that names the person by another field only is left out: there is no report of all rows that \
            hold something of a person. See docs/privacy.md.
            """,
        examples: [
            "flotilla audit report --subject u-1 --format csv --output u-1.csv",
            "flotilla audit report --received-by key:3f9a0c11d2e4 --since 7d --format csv --output shop.csv",
            "flotilla audit report --event 'profile.*' --since 30d --format xlsx --output profiles.xlsx",
            "flotilla audit report --since 2016-01-01 --until 2026-01-01 --output ten-years.json",
        ]
    ) { invocation in
        var filter = AuditFilter()
        filter.event = invocation[event]
        filter.actor = invocation[actor]
        filter.subject = invocation[subject].map { DataSubject(name: $0)?.id ?? $0 }
        filter.service = invocation[service]
        filter.correlationID = invocation[correlation]
        filter.receivedBy = invocation[receivedBy]
        filter.since = invocation[since]?.microseconds
        filter.until = invocation[until]?.microseconds
        if let since = filter.since, let until = filter.until, since >= until {
            throw CommandError("--since has to be before --until", status: .wrongUse)
        }
        let (path, format, reveals) = (invocation[output], invocation[format], !invocation[sealed])
        if format == .xlsx, path == "-" {
            throw CommandError(
                "a workbook can't go to standard output",
                remedy: "name a file with --output",
                status: .wrongUse
            )
        }
        let configuration = try invocation.configuration()
        let masters = try configuration.masterKeyring()
        let chosen = filter
        return try await configuration.withPostgres { pool in
            let report = AuditReport(AuditLog(pool, privacy: AuditPrivacy(pool, masters: masters)), chosen)
            do {
                let count = try await report.write(
                    to: path,
                    as: format,
                    reveals: reveals,
                    progress: progress(on: invocation.console)
                )
                invocation.console.note(count.counted("row") + (path == "-" ? "" : " in \(path)"))
                return .done
            } catch let error as MasterKeyError {
                throw CommandError(error.detail)
            } catch let error as AuditError {
                throw CommandError(error.detail)
            }
        }
    }

    /// Says how far the report is, every two seconds, to a person who waits.
    private static func progress(on console: Console) -> (Int, Int64) -> Void {
        var next = ContinuousClock.now + .seconds(2)
        return { rows, until in
            guard console.isInteractive, .now >= next else { return }
            next = .now + .seconds(2)
            console.note("\(rows) rows, until \(WallClock.iso8601(until))")
        }
    }
}

extension ReportFormat: TextValue {}
