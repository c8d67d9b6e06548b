import FlotillaPlatform

/// The loopback ports of one RabbitMQ. They are kept from start to start, so that clients find a restarted broker.
struct RabbitMQPorts: Hashable {
    let amqp: Int
    let management: Int
    let mapper: Int
    let distribution: Int

    private var all: [Int] { [amqp, management, mapper, distribution] }

    var text: String { all.map(String.init).joined(separator: " ") + "\n" }

    /// Nil when the text is not four ports.
    init?(text: String) {
        let numbers = text.split { $0 == " " || $0 == "\n" }.compactMap { UInt16($0) }.map(Int.init)
        guard numbers.count == 4 else { return nil }
        self.init(numbers)
    }

    private init(_ numbers: [Int]) {
        (amqp, management, mapper, distribution) = (numbers[0], numbers[1], numbers[2], numbers[3])
    }

    /// Whether no other process listens on any of them.
    var areFree: Bool { all.allSatisfy { Endpoint.isFree(loopbackPort: $0) } }

    /// Four free ports below those that the kernel gives to outgoing connections, in an order of chance.
    static func pick() throws(ServiceError) -> RabbitMQPorts {
        var found: Set<Int> = []
        for _ in 0..<10_000 where found.count < 4 {
            let port = Int.random(in: 22_000..<32_000)
            if Endpoint.isFree(loopbackPort: port) { found.insert(port) }
        }
        guard found.count == 4 else { throw ServiceError(.rabbitmq, "no port between 22000 and 32000 is free") }
        return RabbitMQPorts(Array(found))
    }
}
