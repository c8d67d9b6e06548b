import FlotillaCommandLineKit
import FlotillaModules
import FlotillaOperations
import FlotillaStorage

/// `flotilla job retry`: send a dead job back to its queue.
enum JobRetryCommand {
    private static let id = Argument<String>("ID", "The job's id")
    private static let reason = Option<String>("reason", "TEXT", "Why; kept with what was done")

    /// A verb of the noun that shows jobs.
    static let all = Command("job", "Shows jobs", verbs: [retry])

    private static let retry = Command(
        "retry",
        "Sends a dead job back to its queue",
        takes: [id, reason, OutputFormat.option],
        details: "Its count of attempts begins anew.",
        examples: ["flotilla job retry 0193…", "flotilla job retry 0193… --reason 'the provider is back'"]
    ) { invocation in
        let id = invocation[id].lowercased()
        let configuration = try invocation.configuration()
        let event = OperatorEvent("job.retry", of: id, because: invocation[reason])
        let action = OperatorAction("requeue", by: OperatorName.current, because: invocation[reason])
        let record = [event.statement(configuration)]
        let isRetried = try await withDeadLetters(invocation) { store in
            try await store.retry(job: id, as: action, record: record)
        }
        if !isRetried, let holder = try await configuration.withPostgres({ try await Jobs($0).uniqueConflict(of: id) })
        {
            throw CommandError(
                "the job \(holder) holds the unique key of \(id)",
                remedy: "cancel that one first, or let it end"
            )
        }
        guard isRetried else {
            throw CommandError(
                "there is no dead letter of a job \(id) that could be sent back",
                remedy: "see flotilla job get \(id)"
            )
        }
        invocation.console.note("The job \(id) goes back to its queue.")
        return .done
    }
}
