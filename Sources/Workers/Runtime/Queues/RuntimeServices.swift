import FlotillaMessaging
import FlotillaModels
package import FlotillaStorage
import FlotillaTelemetry

/// What the queues of a process share.
struct RuntimeServices: Sendable {
    let topology: Topology
    let publisher: any MessagePublisher
    let effects: any EffectStore
    let breakers: Breakers
    let journal: RunningJournal
    let suspects: CrashSuspects
    let gate: IsolationGate
    let tracker: any JobTracker
    let middleware: [any Middleware]
    let metrics: Metrics
    let log: Log
    /// The process's name in dead letters and job states: `host:pid`.
    let processName: String
    /// How long the transaction of an effect may take at most.
    let transactionTimeout: Duration
    /// How large the bodies of a batch may be together.
    let batchBytes: Int
    /// Where packed bodies are unpacked.
    let unpacking: UnpackingRoom
    /// Who may publish what; `nil` where everybody may.
    var rights: PublisherRights?
}

/// Takes note of the live state of jobs. A projection: no call throws or waits.
package protocol JobTracker: Sendable {
    func record(_ changes: [JobStateChange]) async

    /// Hands on what is still waiting, within a second.
    func finish() async
}

extension JobTracker {
    package func finish() async {}
}

extension JobStateQueue: JobTracker {
    package func record(_ changes: [JobStateChange]) async { add(changes) }

    package func finish() async { await finish(within: .seconds(1)) }
}

/// Tracks nothing, for processes without Redis.
package struct NoTracker: JobTracker {
    package init() {}

    package func record(_ changes: [JobStateChange]) async {}
}
