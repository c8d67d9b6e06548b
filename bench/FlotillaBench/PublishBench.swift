import FlotillaMessaging
import FlotillaModels

/// Publishes by the fleet's own publisher: confirms, persistent, mandatory, and always enough at hand to fill the window.
struct PublishBench {
    private let configuration: RabbitMQConfiguration
    private let exchange: String
    private let key: String
    private let count: Int
    /// Messages of one call, and calls that wait at a time: together twice the window.
    private let batch: Int
    private let callers = 8
    /// How many people the messages are about; 0 are the ordinary samples.
    private let people: Int

    init(_ options: Options) throws {
        var configuration = try RabbitMQConfiguration(url: options.text("url"))
        configuration.confirmWindow = try options.number("window", default: 1_000)
        self.configuration = configuration
        exchange = options.text("exchange", default: "")
        key = try options.text("key")
        count = try options.number("count", default: 100_000)
        batch = max(1, configuration.confirmWindow / 4)
        people = try options.text("people", default: "").isEmpty ? 0 : options.number("people", default: 1)
    }

    func run() async throws -> RunReport {
        let publisher = try await RabbitMQBroker(configuration).publisher(named: "bench")
        let begin = Moment.now()
        let sum = try await withThrowingTaskGroup(of: Int.self) { tasks in
            for caller in 0..<callers { tasks.addTask { try await publish(publisher, from: caller) } }
            return try await tasks.reduce(0, +)
        }
        let end = Moment.now()
        await publisher.close()
        return RunReport(count: count, sum: sum, begin: begin, end: end)
    }

    /// Publishes every `callers`-th batch, and gives the sum of the confirmed sequence numbers.
    private func publish(_ publisher: any MessagePublisher, from caller: Int) async throws -> Int {
        var sum = 0
        for first in stride(from: caller * batch, to: count, by: callers * batch) {
            let sequences = first..<min(first + batch, count)
            let messages = sequences.map {
                let message = people > 0 ? Sample.personal($0, people: people) : Sample.message($0)
                return OutgoingMessage(exchange: exchange, routingKey: key, message: message)
            }
            for (sequence, result) in zip(sequences, await publisher.publish(messages)) {
                guard result.isConfirmed else { throw BenchError("message \(sequence) was not confirmed: \(result)") }
                sum += sequence
            }
        }
        return sum
    }
}
