/// Something that runs beside the workers of a process, such as the outbox relay.
public protocol FleetService: Sendable {
    /// Runs until the task is cancelled.
    func run() async
    /// Does what is left to do once the workers have stopped.
    func finish() async
}

extension FleetService {
    public func finish() async {}
}
