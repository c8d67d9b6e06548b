import FlotillaMessaging
import FlotillaModels
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
}
