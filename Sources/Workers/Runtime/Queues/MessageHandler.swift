import FlotillaModels
import FlotillaTelemetry

/// A registered worker with its payload type out of sight.
protocol MessageHandler: Sendable {
    var worker: String { get }
    var events: [String] { get }
    var dependencies: Set<Dependency> { get }
    var isBatch: Bool { get }

    /// Decodes and handles; answers for each message, in order.
    func handle(_ messages: [InboundMessage], in environment: HandlerEnvironment) async -> [Result<Outcome, any Error>]
}

/// What handlers are given by the process that they run in.
final class HandlerEnvironment: Sendable {
    let queue: String
    let worker: String
    let log: Log
    let effects: any EffectStore
    let topicExchange: String
    let reportProgress: @Sendable (_ message: InboundMessage, _ percent: Int, _ note: String?) -> Void

    init(
        queue: String,
        worker: String,
        log: Log,
        effects: any EffectStore,
        topicExchange: String,
        reportProgress: @escaping @Sendable (InboundMessage, Int, String?) -> Void
    ) {
        self.queue = queue
        self.worker = worker
        self.log = log
        self.effects = effects
        self.topicExchange = topicExchange
        self.reportProgress = reportProgress
    }
}

struct SingleHandler<W: Worker>: MessageHandler {
    let implementation: W

    var worker: String { W.name }
    var events: [String] { W.events }
    var dependencies: Set<Dependency> { W.dependencies }
    var isBatch: Bool { false }

    func handle(_ messages: [InboundMessage], in environment: HandlerEnvironment) async -> [Result<Outcome, any Error>]
    {
        var results: [Result<Outcome, any Error>] = []
        for message in messages {
            do {
                let payload = try PayloadDecoder.decode(W.Payload.self, from: message.body)
                let context = MessageContext(inbound: message, environment: environment)
                results.append(.success(try await implementation.handle(payload, in: context)))
            } catch {
                results.append(.failure(error))
            }
        }
        return results
    }
}

struct BatchHandler<W: BatchWorker>: MessageHandler {
    let implementation: W

    var worker: String { W.name }
    var events: [String] { W.events }
    var dependencies: Set<Dependency> { W.dependencies }
    var isBatch: Bool { true }

    func handle(_ messages: [InboundMessage], in environment: HandlerEnvironment) async -> [Result<Outcome, any Error>]
    {
        var results = [Result<Outcome, any Error>](repeating: .success(.done), count: messages.count)
        var positions: [Int] = []
        var items: [BatchItem<W.Payload>] = []
        positions.reserveCapacity(messages.count)
        items.reserveCapacity(messages.count)
        for (position, message) in messages.enumerated() {
            do {
                let payload = try PayloadDecoder.decode(W.Payload.self, from: message.body)
                items.append(BatchItem(payload: payload, inbound: message))
                positions.append(position)
            } catch {
                results[position] = .failure(error)
            }
        }
        let answers = await handle(items[...], positions.map { messages[$0] }[...], in: environment)
        for (position, answer) in zip(positions, answers) { results[position] = answer }
        return results
    }

    /// Handles the items together; on an error by halves, until the item at fault stands alone.
    private func handle(
        _ items: ArraySlice<BatchItem<W.Payload>>,
        _ messages: ArraySlice<InboundMessage>,
        in environment: HandlerEnvironment
    ) async -> [Result<Outcome, any Error>] {
        guard !items.isEmpty else { return [] }
        do {
            let outcomes = try await implementation.handle(
                Array(items),
                in: BatchContext(messages: Array(messages), environment: environment)
            )
            guard outcomes.count == items.count else {
                throw PermanentError(
                    type: "wrong_answer_count",
                    message: "\(W.name) answered \(outcomes.count) times for \(items.count) messages"
                )
            }
            return outcomes.map { .success($0) }
        } catch  where items.count == 1 || Self.concernsAll(error) || Task.isCancelled {
            return items.map { _ in .failure(error) }
        } catch {
            let middle = items.startIndex + items.count / 2
            let first = await handle(items[..<middle], messages[..<middle], in: environment)
            return first + (await handle(items[middle...], messages[middle...], in: environment))
        }
    }

    /// Whether no smaller batch would fare better.
    private static func concernsAll(_ error: any Error) -> Bool {
        DependencyOutage(error) != nil || InstallationFault(error) != nil || SlowWork(error) != nil
    }
}
