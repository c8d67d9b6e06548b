import FlotillaMessaging
import FlotillaModels
import FlotillaTelemetry

/// What the queues of a process share.
struct Runtime: Sendable {
    let topology: Topology
    let publisher: any MessagePublisher
    let effects: any EffectStore
    let breakers: Breakers
    let journal: RunningJournal
    let suspects: SuspectBoard
    let gate: SoloGate
    let tracker: any JobTracker
    let middleware: [any Middleware]
    let metrics: Metrics
    let log: Log
    /// The process's name in dead letters and job states: `host:pid`.
    let processName: String
}
