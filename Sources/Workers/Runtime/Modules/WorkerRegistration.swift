/// A worker of whatever payload, for lists of them.
public struct WorkerRegistration: Sendable {
    let handler: any MessageHandler

    public init(_ worker: some Worker) { handler = SingleHandler(implementation: worker) }

    public init(_ worker: some BatchWorker) { handler = BatchHandler(implementation: worker) }

    /// The name by which `queues.yaml` gives queues to the worker.
    public var name: String { handler.worker }
}
