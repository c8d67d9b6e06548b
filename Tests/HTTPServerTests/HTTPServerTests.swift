import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaTestSupport
import Foundation
import Synchronization
import Testing

/// Over a loopback socket of a free port.
@Suite(.serialized)
struct HTTPServerTests {
    private func withServer(
        _ change: (inout HTTPServerConfiguration) -> Void = { _ in },
        handler: @escaping HTTPServer.Handler = { request in
            HTTPResponse(text: "\(request.method) \(request.path) \(request.query) \(request.body.count)")
        },
        _ body: (HTTPServer) async throws -> Void
    ) async throws {
        var configuration = HTTPServerConfiguration()
        change(&configuration)
        let server = try HTTPServer.start(configuration, handler: handler)
        do {
            try await body(server)
        } catch {
            await server.stop(within: .seconds(1))
            throw error
        }
        await server.stop(within: .seconds(1))
    }

    @Test func `a request is answered, and the connection is kept for the next`() async throws {
        try await withServer { server in
            let client = try RawClient(port: server.port)
            for index in 0..<3 {
                client.send("GET /a/\(index)?x=1 HTTP/1.1\r\nHost: x\r\n\r\n")
                let response = try #require(await client.response())
                #expect(response.status == 200)
                #expect(response.body == "GET /a/\(index) x=1 0")
            }
            #expect(server.connectionsOpen == 1)
        }
    }

    @Test func `pipelined requests are answered in order`() async throws {
        try await withServer { server in
            let client = try RawClient(port: server.port)
            client.send((0..<20).map { "POST /\($0) HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" }.joined())
            for index in 0..<20 { #expect(await client.response()?.body == "POST /\(index)  3") }
        }
    }

    @Test func `HEAD is answered with the head of GET`() async throws {
        try await withServer { server in
            let client = try RawClient(port: server.port)
            client.send("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n")
            let response = try #require(await client.response(toHead: true))
            #expect(response.status == 200)
            #expect(response.header("Content-Length") == "12")
            client.send("GET /abc HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await client.response()?.body == "GET /abc  0")
        }
    }

    @Test func `a chunked body arrives whole`() async throws {
        try await withServer { server in
            let client = try RawClient(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            client.send("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
            #expect(await client.response()?.body == "POST /  11")
        }
    }

    @Test func `a body over the limit is refused before it is sent`() async throws {
        try await withServer({ $0.bodyLimit = 1_000 }) { server in
            let client = try RawClient(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n")
            let response = try #require(await client.response())
            #expect(response.status == 413)
            #expect(response.body.contains("1000 bytes"))
            #expect(response.header("Connection") == "close")
        }
    }

    @Test func `a body at the limit is taken`() async throws {
        try await withServer({ $0.bodyLimit = 100_000 }) { server in
            let client = try RawClient(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
            for _ in 0..<10 { client.send(String(repeating: "x", count: 10_000)) }
            #expect(await client.response()?.body == "POST /  100000")
        }
    }

    @Test func `a chunked body over the limit is refused as soon as it is, and an endless one is cut off`() async throws
    {
        try await withServer({ $0.bodyLimit = 1_000 }) { server in
            let chunk = "200\r\n" + String(repeating: "x", count: 512) + "\r\n"
            let start = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            let client = try RawClient(port: server.port)
            client.send(start + chunk + chunk)
            #expect(await client.response()?.status == 413)
            let endless = try RawClient(port: server.port)
            endless.send(start)
            var isCutOff = false
            for _ in 0..<200_000 where !isCutOff { isCutOff = !endless.send(chunk) }
            #expect(isCutOff)
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + String(repeating: "x", count: 100_000) + "\r\n\r\n",
        "GET /" + String(repeating: "x", count: 100_000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
    ])
    func `what breaks the protocol is refused with 4xx and hung up on`(request: String) async throws {
        try await withServer { server in
            let client = try RawClient(port: server.port)
            client.send(request)
            let answer = await client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 4") || answer.hasPrefix("HTTP/1.0 4"), "\(answer.prefix(200))")
            let next = try RawClient(port: server.port)
            next.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await next.response()?.status == 200)
        }
    }

    @Test func `bytes that are no HTTP at all do no harm`() async throws {
        try await withServer { server in
            for seed in 0..<50 {
                let client = try RawClient(port: server.port)
                client.send((0..<500).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ seed &* 977) })
                client.send("\r\n\r\n")
            }
            let client = try RawClient(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await client.response()?.status == 200)
        }
    }

    @Test func `a client that trickles its request is told so and cut off`() async throws {
        try await withServer({ $0.requestTimeout = .milliseconds(400) }) { server in
            let head = try RawClient(port: server.port)
            head.send("GET / HTTP/1.1\r\nHost: x\r\n")
            let body = try RawClient(port: server.port)
            body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
            try await eventually("the head is cut off") { !head.send("X-A: b\r\n") }
            try await eventually("the body is cut off") { !body.send("x") }
            try await eventually("no connection is left") { server.connectionsOpen == 0 }
            #expect(await body.readToEnd().hasPrefix("HTTP/1.1 408"))
        }
    }

    @Test func `the client of a handler that hangs gets 503, and the handler is cancelled`() async throws {
        let cancelled = AsyncStream<Void>.makeStream()
        try await withServer(
            { $0.handlerTimeout = .milliseconds(200) },
            handler: { _ in
                try? await Task.sleep(for: .seconds(60))
                cancelled.continuation.yield()
                return HTTPResponse(status: 200)
            }
        ) { server in
            let client = try RawClient(port: server.port)
            client.send(
                "GET / HTTP/1.1\r\nHost: x\r\nX-Correlation-ID: mine-7\r\nAccept: application/problem+json\r\n\r\n"
            )
            let response = try #require(await client.response())
            #expect(response.status == 503)
            #expect(response.header("Retry-After") != nil)
            // As every other answer to this client.
            #expect(response.header("X-Correlation-ID") == "mine-7")
            #expect(response.header("Content-Type") == "application/problem+json")
            var signals = cancelled.stream.makeAsyncIterator()
            await signals.next()
        }
    }

    @Test func `a request without an id is called the same by its handler and by whoever answers in its place`()
        async throws
    {
        let ids = AsyncStream<String>.makeStream()
        try await withServer(
            { $0.handlerTimeout = .milliseconds(200) },
            handler: { request in
                ids.continuation.yield(CorrelationID.of(request))
                try? await Task.sleep(for: .seconds(60))
                return HTTPResponse(status: 200)
            }
        ) { server in
            let client = try RawClient(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            let response = try #require(await client.response())
            var given = ids.stream.makeAsyncIterator()
            #expect(await given.next() == response.header("X-Correlation-ID"))
        }
    }

    @Test func `what is kept until the end is written once every request is answered`() async throws {
        let drained = Atomic(0)
        var configuration = HTTPServerConfiguration()
        configuration.onDrained = { drained.add(1, ordering: .relaxed) }
        let server = try HTTPServer.start(configuration) { _ in HTTPResponse(status: 200) }
        await server.stop(within: .seconds(1))
        await server.stop(within: .seconds(1))
        #expect(drained.load(ordering: .relaxed) == 1)
    }

    @Test func `stopping lets a running request finish, and takes no further connection`() async throws {
        let began = AsyncStream<Void>.makeStream()
        let release = AsyncStream<Void>.makeStream()
        let server = try HTTPServer.start(HTTPServerConfiguration()) { _ in
            began.continuation.yield()
            var signals = release.stream.makeAsyncIterator()
            await signals.next()
            return HTTPResponse(text: "finished")
        }
        let port = server.port
        let client = try RawClient(port: port)
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        var signals = began.stream.makeAsyncIterator()
        await signals.next()
        async let stop: Void = server.stop(within: .seconds(10))
        try await eventually("the server is stopping") { server.isStopping }
        release.continuation.yield()
        let response = await client.response()
        await stop
        #expect(response?.body == "finished")
        #expect(response?.header("Connection") == "close")
        #expect(throws: RawClient.Refused.self) { try RawClient(port: port) }
    }

    @Test func `stopping answers what still runs at the deadline`() async throws {
        let began = AsyncStream<Void>.makeStream()
        let server = try HTTPServer.start(HTTPServerConfiguration()) { _ in
            began.continuation.yield()
            try? await Task.sleep(for: .seconds(60))
            return HTTPResponse(status: 200)
        }
        let client = try RawClient(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        var signals = began.stream.makeAsyncIterator()
        await signals.next()
        await server.stop(within: .milliseconds(50))
        #expect(await client.response()?.status == 503)
    }

    @Test func `a taken port and a bad address are errors that say so`() async throws {
        try await withServer { server in
            #expect {
                _ = try HTTPServer.start(HTTPServerConfiguration(port: server.port)) { _ in HTTPResponse(status: 200) }
            } throws: { error in
                (error as? HTTPServerError)?.code == .addressInUse
            }
        }
        #expect(throws: HTTPServerError.self) {
            _ = try HTTPServer.start(HTTPServerConfiguration(host: "nowhere")) { _ in HTTPResponse(status: 200) }
        }
    }

    @Test func `thousands of connections leave no descriptor behind`() async throws {
        func descriptors() -> Int { (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0 }
        try await withServer { server in
            func visit() async throws {
                let client = try RawClient(port: server.port)
                client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(await client.response()?.status == 200)
            }
            try await visit()
            try await eventually("the first connection is closed") { server.connectionsOpen == 0 }
            let before = descriptors()
            for _ in 0..<3_000 { try await visit() }
            try await eventually("every descriptor is closed") {
                server.connectionsOpen == 0 && descriptors() <= before + 2
            }
        }
    }

    @Test func `many clients at once are all answered`() async throws {
        let handler: HTTPServer.Handler = { request in
            await Task.yield()
            return HTTPResponse(text: request.path)
        }
        try await withServer(handler: handler) { server in
            let port = server.port
            let wrong = await withTaskGroup(of: Int.self) { group in
                for client in 0..<32 {
                    group.addTask {
                        guard let socket = try? RawClient(port: port) else { return 100 }
                        var wrong = 0
                        for index in 0..<100 {
                            socket.send("GET /\(client)/\(index) HTTP/1.1\r\nHost: x\r\n\r\n")
                            if await socket.response()?.body != "/\(client)/\(index)" { wrong += 1 }
                        }
                        return wrong
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(wrong == 0)
        }
    }
}
