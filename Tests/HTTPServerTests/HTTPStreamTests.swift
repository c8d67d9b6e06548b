import FlotillaHTTPRouting
@testable import FlotillaHTTPServer
import FlotillaTestSupport
import Synchronization
import Testing

/// Answers that are sent piece by piece, over a loopback socket of a free port.
@Suite(.serialized)
struct HTTPStreamTests {
    /// What the producers of a test do.
    private final class Producers: Sendable {
        let started = Atomic(0)
        let ended = Atomic(0)
        let pieces = Atomic(0)

        var areOver: Bool { started.load(ordering: .relaxed) == ended.load(ordering: .relaxed) }
    }

    private func withServer(
        _ change: (inout HTTPServerConfiguration) -> Void = { _ in },
        produce: @escaping @Sendable (@escaping HTTPStream.Write) async throws -> Void,
        _ body: (HTTPServer, Producers) async throws -> Void
    ) async throws {
        var configuration = HTTPServerConfiguration()
        change(&configuration)
        let producers = Producers()
        let server = try HTTPServer.start(configuration) { request in
            guard request.path == "/stream" else { return HTTPResponse(text: request.path) }
            return HTTPResponse { write in
                producers.started.add(1, ordering: .relaxed)
                defer { producers.ended.add(1, ordering: .relaxed) }
                try? await produce { piece throws(CancellationError) in
                    try await write(piece)
                    producers.pieces.add(1, ordering: .relaxed)
                }
            }
        }
        let result: Result<Void, any Error>
        do { result = .success(try await body(server, producers)) } catch { result = .failure(error) }
        await server.stop(within: .seconds(5))
        try result.get()
    }

    private func open(_ server: HTTPServer, method: String = "GET") throws -> RawClient {
        let client = try RawClient(port: server.port)
        client.send("\(method) /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        return client
    }

    @Test func `pieces arrive as they are sent, in chunks of an answer that nobody keeps`() async throws {
        let (signals, signal) = AsyncStream<String>.makeStream()
        try await withServer { write in
            for await text in signals { try await write(Array(text.utf8)) }
        } _: { server, _ in
            let client = try open(server)
            let head = try #require(await client.head())
            #expect(head.status == 200)
            #expect(head.header("Content-Type") == "text/event-stream")
            #expect(head.header("Cache-Control") == "no-store")
            #expect(head.header("Transfer-Encoding") == "chunked")
            #expect(head.header("Content-Length") == nil)
            for text in ["one", "two", "three"] {
                signal.yield(text)
                #expect(await client.chunk() == text)
            }
            #expect(server.streamsOpen == 1)
            #expect(server.requestsRunning == 0)
            signal.finish()
            #expect(await client.chunk() == "")
        }
    }

    @Test func `after the end of a stream its connection takes the next request`() async throws {
        try await withServer { write in
            try await write(Array("all".utf8))
        } _: { server, _ in
            let client = try RawClient(port: server.port)
            for _ in 0..<3 {
                client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(await client.head()?.status == 200)
                #expect(await client.chunk() == "all")
                #expect(await client.chunk() == "")
                client.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(await client.response()?.body == "/next")
            }
            #expect(server.connectionsOpen == 1)
            #expect(server.streamsOpen == 0)
        }
    }

    @Test func `when the client goes its producer ends, though nothing is sent`() async throws {
        try await withServer { _ in
            try await Task.sleep(for: .seconds(3_600))
        } _: { server, producers in
            var client: RawClient? = try open(server)
            #expect(await client?.head()?.status == 200)
            try await eventually("it runs") { producers.started.load(ordering: .relaxed) == 1 }
            #expect(!producers.areOver)
            client = nil
            try await eventually("it has ended") { producers.areOver && server.streamsOpen == 0 }
            try await eventually("the connection is closed") { server.connectionsOpen == 0 }
        }
    }

    @Test func `a stop ends streams at once, with their end`() async throws {
        try await withServer { write in
            try await write(Array("first".utf8))
            try await Task.sleep(for: .seconds(3_600))
        } _: { server, producers in
            let clients = try (0..<5).map { _ in try open(server) }
            for client in clients {
                #expect(await client.head()?.status == 200)
                #expect(await client.chunk() == "first")
            }
            let start = ContinuousClock.now
            await server.stop(within: .seconds(60))
            #expect(ContinuousClock.now - start < .seconds(20))
            for client in clients { #expect(await client.chunk() == "") }
            try await eventually("the producers have ended") { producers.areOver }
        }
    }

    @Test func `a client that reads nothing has little kept for it, and is hung up on`() async throws {
        let slow = Atomic(0)
        try await withServer {
            $0.requestTimeout = .seconds(2)
            $0.streamBuffer = 64 << 10
            $0.onRefusal = { if case .slow = $0 { slow.add(1, ordering: .relaxed) } }
        } produce: { write in
            let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 16 << 10)
            while true { try await write(piece) }
        } _: { server, producers in
            let client = try open(server)
            try await eventually("it runs") { producers.started.load(ordering: .relaxed) == 1 }
            try await eventually("it is given up") { server.streamsOpen == 0 && producers.areOver }
            // What the kernel holds of a loopback connection, and no more than that.
            #expect(producers.pieces.load(ordering: .relaxed) * 16 << 10 < 32 << 20)
            #expect(slow.load(ordering: .relaxed) == 1)
            withExtendedLifetime(client) {}
        }
    }

    @Test func `a hundred streams at a time each get their pieces, and then their end`() async throws {
        try await withServer { write in
            for number in 0..<20 {
                try await write(Array("\(number);".utf8))
                try await Task.sleep(for: .milliseconds(10))
            }
        } _: { server, producers in
            let clients = try (0..<100).map { _ in try open(server) }
            try await withThrowingTaskGroup(of: String.self) { group in
                for client in clients {
                    group.addTask {
                        _ = await client.head()
                        var text = ""
                        while let chunk = await client.chunk(), !chunk.isEmpty { text += chunk }
                        return text
                    }
                }
                for try await text in group { #expect(text == (0..<20).map { "\($0);" }.joined()) }
            }
            #expect(producers.started.load(ordering: .relaxed) == 100)
            try await eventually("none is left") { server.streamsOpen == 0 && producers.areOver }
        }
    }

    @Test func `one stream more than there may be is 503 with Retry-After`() async throws {
        try await withServer {
            $0.streams = 2
        } produce: { _ in
            try await Task.sleep(for: .seconds(3_600))
        } _: { server, producers in
            var clients = try (0..<2).map { _ in try open(server) }
            for client in clients { #expect(await client.head()?.status == 200) }
            let third = try open(server)
            let refused = try #require(await third.response())
            #expect(refused.status == 503)
            #expect(refused.header("Retry-After") == "5")
            #expect(refused.body.contains("too_many_streams"))
            clients = []
            try await eventually("there is room again") { server.streamsOpen == 0 }
            #expect(try await open(server).head()?.status == 200)
        }
    }

    @Test func `HEAD is answered with the head alone, and nothing runs`() async throws {
        try await withServer { write in
            try await write(Array("all".utf8))
        } _: { server, producers in
            let client = try open(server, method: "HEAD")
            let head = try #require(await client.head())
            #expect(head.header("Content-Type") == "text/event-stream")
            client.send("GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let rest = await client.readToEnd()
            #expect(rest.hasPrefix("HTTP/1.1 200"))
            #expect(rest.hasSuffix("/next"))
            #expect(producers.started.load(ordering: .relaxed) == 0)
            #expect(server.streamsOpen == 0)
        }
    }

    @Test func `a piece that is larger than the buffer arrives whole`() async throws {
        try await withServer {
            $0.streamBuffer = 1_000
        } produce: { write in
            try await write([UInt8](repeating: UInt8(ascii: "y"), count: 300_000))
            try await write(Array("end".utf8))
        } _: { server, _ in
            let client = try open(server)
            _ = await client.head()
            var text = ""
            while let chunk = await client.chunk(), !chunk.isEmpty { text += chunk }
            #expect(text.utf8.count == 300_003)
            #expect(text.hasSuffix("yend"))
        }
    }
}
