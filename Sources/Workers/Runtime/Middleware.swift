public import FlotillaModels

/// Code around every execution of every handler of a process: for logs, traces, measurements.
///
/// It sees executions, not settlements: retry and dead-lettering are stages of the runtime.
public protocol Middleware: Sendable {
    /// Calls `next` exactly once and returns its results, one per message in order, or results of its own in their place.
    func around(
        _ execution: Execution,
        _ next: () async -> [Result<Outcome, any Error>]
    ) async -> [Result<Outcome, any Error>]
}
