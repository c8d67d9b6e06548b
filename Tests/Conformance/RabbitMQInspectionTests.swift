import Foundation
import FlotillaMessaging
import FlotillaTestSupport
import Testing

/// The one connection that a broker's questions share, through a proxy that counts, cuts and lies.
@Suite(.enabled(if: RabbitMQEnvironment.configuration != nil))
struct RabbitMQInspectionTests {
    private let configuration: RabbitMQConfiguration
    private let subject: Subject
    private let missing = (0..<20).map { "conformance.nowhere.\($0)" }
    private let empty = QueueDepth(ready: 0, consumers: 0)

    init() throws {
        configuration = try #require(RabbitMQEnvironment.configuration)
        subject = .rabbitMQ(configuration)
    }

    /// A broker that is reached through a proxy.
    private func withProxy(
        to port: Int? = nil,
        heartbeat: Duration = .seconds(10),
        connectTimeout: Duration = .seconds(5),
        _ body: (TCPProxy, RabbitMQConfiguration, RabbitMQBroker) async throws -> Void
    ) async throws {
        let proxy = try TCPProxy(to: .port(port ?? configuration.port))
        defer { proxy.close() }
        var through = configuration
        through.host = "127.0.0.1"
        through.port = proxy.port
        through.heartbeat = heartbeat
        through.connectTimeout = connectTimeout
        let broker = RabbitMQBroker(through)
        try await broker.closing { try await body(proxy, through, broker) }
    }

    @Test func `one connection serves all questions, asked together or one by one, whatever is missing`() async throws {
        try await subject.withQueue { queue in
            try await withProxy { proxy, _, broker in
                let names = missing + [queue]
                #expect(proxy.accepted == 0)
                try await withThrowingTaskGroup { tasks in
                    for _ in 0..<8 { tasks.addTask { try await broker.depths(of: names) } }
                    for try await depths in tasks { #expect(depths == [queue: empty]) }
                }
                for name in names { #expect(try await (broker.depth(of: name) != nil) == (name == queue)) }
                #expect(proxy.accepted == 1)
            }
        }
    }

    @Test func `between questions the connection is kept up by heartbeats`() async throws {
        try await withProxy(heartbeat: .seconds(1)) { proxy, _, broker in
            #expect(try await broker.depth(of: missing[0]) == nil)
            // Both sides send eight bytes every half second; after the time for this many, a silent side is given up.
            let before = proxy.forwarded
            try await eventually { proxy.forwarded >= before + 160 }
            #expect(try await broker.depth(of: missing[0]) == nil)
            #expect(proxy.accepted == 1)
        }
    }

    @Test func `answers about missing queues keep the connection alive too`() async throws {
        try await withProxy(heartbeat: .seconds(2)) { proxy, _, broker in
            // A broker that answers sends no heartbeats; silence would be noticed within two of them.
            let end = ContinuousClock.now + .seconds(5)
            while .now < end {
                let depth = try await broker.depth(of: missing[0])
                #expect(depth == nil)
            }
            #expect(proxy.accepted == 1)
        }
    }

    @Test func `after a cut the next question is answered over a new connection`() async throws {
        try await subject.withQueue { queue in
            try await withProxy { proxy, _, broker in
                let before = try await broker.depth(of: queue)
                proxy.cut()
                let after = try await broker.depth(of: queue)
                #expect(before == empty && after == empty)
                #expect(proxy.accepted == 2)
            }
        }
    }

    @Test func `a connection that the broker closes while nobody asks is given up`() async throws {
        try await withProxy { proxy, through, _ in
            let admin = try await RabbitMQAdmin.open(through)
            #expect(await admin.isConnected)
            // connection.close with the reply code 320 and the text "x".
            proxy.inject([1, 0, 0, 0, 0, 0, 12, 0, 10, 0, 50, 1, 0x40, 1, 0x78, 0, 0, 0, 0, 0xce])
            try await eventually { await !admin.isConnected }
            #expect(try await admin.queueDepths(missing) == [:])
            #expect(proxy.accepted == 2)
            await admin.close()
        }
    }

    @Test func `while the broker is out, questions fail at once and few attempts are made to connect`() async throws {
        try await withProxy(to: 1) { proxy, _, broker in
            for _ in 0..<1_000 {
                let error = await #expect(throws: AMQPError.self) { try await broker.depths(of: missing) }
                #expect(error?.isRetriable == true)
            }
            #expect((1..<20).contains(proxy.accepted), "\(proxy.accepted) attempts")
        }
    }

    @Test func `a broker that says nothing any more costs one wait, not one a question`() async throws {
        try await withProxy(heartbeat: .seconds(1), connectTimeout: .seconds(1)) { proxy, _, broker in
            #expect(try await broker.depths(of: missing) == [:])
            proxy.freeze()
            // The silence is noticed within two heartbeats; then attempts to connect end after a second each.
            try await eventually { (try? await broker.depths(of: missing)) == nil && proxy.accepted >= 3 }
            let accepted = proxy.accepted
            for _ in 0..<200 { _ = try? await broker.depths(of: missing) }
            #expect(proxy.accepted < accepted + 5)
            proxy.thaw()
            try await eventually { (try? await broker.depths(of: missing)) == [:] }
        }
    }

    @Test func `a question to a broker that falls silent gives up as soon as an attempt to connect would`() async throws
    {
        try await withProxy(connectTimeout: .seconds(1)) { proxy, _, broker in
            let before = try await broker.depths(of: missing)
            #expect(before == [:])
            proxy.freeze()
            let start = ContinuousClock.now
            await #expect(throws: AMQPError.self) { try await broker.depths(of: missing) }
            #expect(ContinuousClock.now - start < .seconds(10))
            proxy.thaw()
        }
    }
}
