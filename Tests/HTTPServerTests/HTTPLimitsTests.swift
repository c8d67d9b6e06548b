@testable import FlotillaHTTPRouting
@testable import FlotillaHTTPServer
import FlotillaTestSupport
import Foundation
import Synchronization
import Testing

/// What a server does with clients that want too much, over a loopback socket of a free port.
@Suite(.serialized)
struct HTTPLimitsTests {
    private func withServer(
        _ change: (inout HTTPServerConfiguration) -> Void = { _ in },
        admission: @escaping HTTPServer.Admission = { _ in .accepted },
        handler: @escaping HTTPServer.Handler = { request in HTTPResponse(text: "\(request.body.count)") },
        _ body: (HTTPServer) async throws -> Void
    ) async throws {
        var configuration = HTTPServerConfiguration()
        change(&configuration)
        let server = try HTTPServer.start(configuration, admission: admission, handler: handler)
        let result: Result<Void, any Error>
        do { result = .success(try await body(server)) } catch { result = .failure(error) }
        await server.stop(within: .seconds(1))
        try result.get()
    }

    private func isAnswered(_ server: HTTPServer) async throws -> Bool {
        let client = try RawClient(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        return await client.response()?.status == 200
    }

    @Test func `a head that drips is cut off in its time, however often a byte comes`() async throws {
        try await withServer({ $0.headTimeout = .milliseconds(500) }) { server in
            let client = try RawClient(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: x\r\n")
            let start = ContinuousClock.now
            try await eventually("the head is cut off", every: .milliseconds(50)) { !client.send("X-A: b\r\n") }
            #expect(ContinuousClock.now - start > .milliseconds(400))
            #expect(await client.readToEnd().hasPrefix("HTTP/1.1 408"))
        }
    }

    @Test func `a connection that says nothing is cut off as well`() async throws {
        try await withServer({ $0.headTimeout = .milliseconds(300) }) { server in
            let client = try RawClient(port: server.port)
            #expect(await client.readToEnd().hasPrefix("HTTP/1.1 408"))
        }
    }

    @Test func `the head of a further request has the same time, from its first byte on`() async throws {
        // A busy machine takes a while to read a head that is here.
        try await withServer({ $0.headTimeout = .seconds(3) }) { server in
            let client = try RawClient(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await client.response()?.status == 200)
            // Idle for longer than a head may take: that is allowed between two requests.
            let idleUntil = ContinuousClock.now + .seconds(4)
            try await eventually("it has been idle for a while") { .now > idleUntil }
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await client.response()?.status == 200)
            client.send("G")
            #expect(await client.readToEnd().hasPrefix("HTTP/1.1 408"))
        }
    }

    @Test func `half-open requests on all connections keep nobody out`() async throws {
        try await withServer({ $0.connections = 64 }) { server in
            #expect(server.connectionLimit == 64)
            var halfOpen: [RawClient] = []
            for _ in 0..<300 {
                let client = try RawClient(port: server.port)
                client.send("GET / HTTP/1.1\r\nHost: x\r\n")
                halfOpen.append(client)
            }
            for _ in 0..<20 { #expect(try await isAnswered(server)) }
            #expect(server.connectionsOpen <= 64 + 2 * 64)
            withExtendedLifetime(halfOpen) {}
        }
    }

    @Test func `refused requests whose bodies never come keep nobody out`() async throws {
        let refusal = HTTPResponse(status: 401, text: "no")
        let crowded = Atomic(0)
        try await withServer(
            {
                $0.connections = 64
                $0.headTimeout = .seconds(300)
                $0.onRefusal = { if case .crowded = $0 { crowded.add(1, ordering: .relaxed) } }
            },
            admission: { _ in .refused(refusal) }
        ) { server in
            var refused: [RawClient] = []
            for _ in 0..<300 {
                let client = try RawClient(port: server.port)
                client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n")
                #expect(await client.response()?.status == 401)
                refused.append(client)
            }
            // One that only waits stays while there are refused ones.
            let waiting = try RawClient(port: server.port)
            for _ in 0..<20 { #expect(try await isAnswered(server)) }
            waiting.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await waiting.response()?.status == 200)
            #expect(server.connectionsOpen <= 64 + 2 * 64)
            #expect(crowded.load(ordering: .relaxed) == 0)
            withExtendedLifetime(refused) {}
        }
    }

    @Test func `one client has so many connections, and this machine and proxies have no such limit`() async throws {
        try await withServer({ $0.connectionsPerAddress = 2 }) { server in
            let clients = try (0..<5).map { _ in try RawClient(port: server.port) }
            for client in clients {
                client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(await client.response()?.status == 200)
            }
            let stranger = try #require(NetworkAddress("192.0.2.7"))
            #expect(server.mayConnect(stranger))
        }
        try await withServer({ $0.connectionsPerAddress = 1 }) { server in
            let stranger = try #require(NetworkAddress("2001:db8::7"))
            #expect(server.limitedClient(stranger) == NetworkAddress("2001:db8::"))
            #expect(NetworkAddress("127.0.0.1").flatMap { server.limitedClient($0) } == nil)
            #expect(NetworkAddress("::1").flatMap { server.limitedClient($0) } == nil)
        }
        try await withServer({ $0.trustedAddresses = [AddressRange("10.0.0.0/8")].compactMap { $0 } }) { server in
            #expect(NetworkAddress("10.1.2.3").flatMap { server.limitedClient($0) } == nil)
            #expect(NetworkAddress("11.1.2.3").flatMap { server.limitedClient($0) } != nil)
        }
    }

    @Test func `a request is refused by its head before its body is taken in`() async throws {
        let refusal = HTTPResponse(status: 401, text: "no")
        for admission: HTTPServer.Admission in [{ _ in .refused(refusal) }, { _ in .pending { refusal } }] {
            try await withServer(admission: admission) { server in
                let client = try RawClient(port: server.port)
                client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc")
                let response = try #require(await client.response())
                #expect(response.status == 401)
                #expect(response.header("Connection") == "close")
                #expect(server.bodyMemoryUsed == 0)
                try await eventually("no request is left") {
                    client.send("x")
                    return server.requestsRunning == 0
                }
            }
        }
    }

    @Test func `a request that is admitted after a while is handled with its whole body`() async throws {
        let admission: HTTPServer.Admission = { _ in
            .pending {
                try? await Task.sleep(for: .milliseconds(20))
                return nil
            }
        }
        try await withServer(admission: admission) { server in
            let client = try RawClient(port: server.port)
            for _ in 0..<3 {
                client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
                #expect(await client.response()?.body == "5")
            }
            client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            #expect(await client.response()?.status == 100)
            client.send("hello")
            #expect(await client.response()?.body == "5")
        }
    }

    @Test func `bodies beyond the memory for them are 503 with Retry-After, and it is given back`() async throws {
        let refusals = Mutex<[HTTPRefusal]>([])
        try await withServer({
            $0.bodyMemory = 250_000
            $0.onRefusal = { refusal in refusals.withLock { $0.append(refusal) } }
        }) { server in
            let part = String(repeating: "x", count: 100_000)
            let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\n\r\n"
            let first = try [RawClient(port: server.port), RawClient(port: server.port)]
            for client in first { client.send(head + part) }
            try await eventually("both are here") { server.bodyMemoryUsed == 200_000 }
            let third = try RawClient(port: server.port)
            third.send(head + part)
            let response = try #require(await third.response())
            #expect(response.status == 503)
            #expect(response.header("Retry-After") == "1")
            for client in first {
                client.send("x")
                #expect(await client.response()?.body == "100001")
            }
            try await eventually("it is given back") { server.bodyMemoryUsed == 0 }
            #expect(refusals.withLock { $0 } == [.memory])
        }
    }

    @Test func `20 MiB in chunks are answered with 413 before the connection is cut`() async throws {
        try await withServer { server in
            let client = try RawClient(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = "100000\r\n" + String(repeating: "x", count: 1 << 20) + "\r\n"
            for _ in 0..<20 { #expect(client.send(chunk)) }
            client.send("0\r\n\r\n")
            #expect(await client.response()?.status == 413)
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        ("GET /" + String(repeating: "a", count: 100_000) + " HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        ("GET / HTTP/1.1\r\nHost: x\r\nX-A: " + String(repeating: "a", count: 100_000) + "\r\n\r\n", 431),
        ("GET / HTTP/1.1\r\nHost: x\r\n" + String(repeating: "X-A: b\r\n", count: 3_000) + "\r\n", 431),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX\r\n", 400),
    ])
    func `what can't be read is refused once, in the envelope`(request: String, status: Int) async throws {
        try await withServer { server in
            let client = try RawClient(port: server.port)
            client.send(request)
            let answer = await client.readToEnd()
            #expect(answer.components(separatedBy: "HTTP/1.1 \(status) ").count == 2, "\(answer)")
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            let parts = answer.components(separatedBy: "\r\n\r\n")
            #expect(parts[0].contains("Content-Length: \(parts[1].utf8.count)"))
            #expect(parts[0].contains("X-Correlation-ID: "))
            #expect(parts[1].hasPrefix(#"{"success":false,"error":{"code":""#))
            #expect(try await isAnswered(server))
        }
    }

    @Test func `connections that wait, or have sent a part, do not get the answer of another one`() async throws {
        try await withServer({ $0.threads = 1 }) { server in
            let idle = try RawClient(port: server.port)
            idle.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await idle.response()?.status == 200)
            let partial = try RawClient(port: server.port)
            partial.send("GET / HTTP/1.1\r\nHost: x\r\n")
            let chunked = try RawClient(port: server.port)
            chunked.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
            #expect(try await isAnswered(server))
            for (request, status) in [
                ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
                ("GET / HTTP/1.1\r\nHost: x\r\nX-A: " + String(repeating: "a", count: 100_000) + "\r\n\r\n", 431),
                ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
            ] {
                let client = try RawClient(port: server.port)
                client.send(request)
                #expect(await client.readToEnd().hasPrefix("HTTP/1.1 \(status) "))
            }
            idle.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            partial.send("\r\n")
            chunked.send("0\r\n\r\n")
            for client in [idle, partial, chunked] { #expect(await client.response()?.status == 200) }
        }
    }

    @Test func `the limits are those that the documents name`() {
        let configuration = HTTPServerConfiguration()
        #expect(configuration.headTimeout == .seconds(5))
        #expect(configuration.bodyMemory == 64 << 20)
        #expect(configuration.connectionsPerAddress == 128)
    }

    @Test(arguments: [(10_000, 9_840), (1_024, 864), (256, 96), (64, 16), (8, 2), (-1, Int.max)] as [(Int64, Int)])
    func `connections leave descriptors for the rest of the process`(descriptors: Int64, room: Int) {
        let configuration = HTTPServerConfiguration()
        #expect(configuration.room(withDescriptors: descriptors) == room)
        #expect(configuration.spareConnections(in: room) < max(room, 3))
    }
}

struct AddressRangeTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false), ("2001:db8::/32", "2001:db8:1::1", true),
        ("2001:db8::/32", "2001:db9::1", false), ("::/0", "10.0.0.1", true), ("0.0.0.0/0", "8.8.8.8", true),
        ("0.0.0.0/0", "2001:db8::1", false), ("10.0.0.0/8", "::ffff:10.0.0.1", true),
    ])
    func `an address is in a range when it begins like it`(range: String, address: String, isIn: Bool) throws {
        #expect(try #require(AddressRange(range)).contains(try #require(NetworkAddress(address))) == isIn)
    }

    @Test(arguments: ["", "10.0.0.0/33", "10.0.0/8", "example.com", "::/129", "10.0.0.0/-1", "10.0.0.0/"])
    func `anything else is no range`(text: String) { #expect(AddressRange(text) == nil) }
}
