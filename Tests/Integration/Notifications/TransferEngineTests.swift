import FlotillaOutbound
import FlotillaPlatform
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: StandIn.isAvailable, "python3-aiosmtpd is not installed: ops/setup.sh --test"), .serialized)
struct TransferEngineTests {
    private static let body = Array(
        #"{"personalizations":[{"to":[{"email":"a@b.c"}]}],"from":{"email":"a@b.c"},"subject":"s","content":[{"type":"text/plain","value":"t"}]}"#
            .utf8
    )

    private static func request(_ server: StandIn) -> HTTPRequest {
        HTTPRequest(
            "POST",
            "http://127.0.0.1:\(server.port)/v3/mail/send",
            headers: [.init("Content-Type", "application/json")],
            body: body,
            authorization: .bearer(Secret("mail-key"))
        )
    }

    @Test func `many requests share few connections`() async throws {
        let server = try await StandIn("api-stand-in.py")
        let engine = TransferEngine(name: "test", connectionsPerServer: 3)
        let client = HTTPClient(engine)
        try await withThrowingTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    let answer = try await client.send(Self.request(server))
                    #expect(answer.status == 202)
                }
            }
            try await group.waitForAll()
        }
        #expect((1...3).contains(server.count("connections")))
        await engine.close()
    }

    @Test func `a refused address is not connected to, over a kept connection either`() async throws {
        let server = try await StandIn("api-stand-in.py")
        let engine = TransferEngine(name: "test")
        let client = HTTPClient(engine)
        var checked = Self.request(server)
        checked.addressCheck = { $0.isPublic }
        for round in 0..<2 {
            for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0"] {
                checked.url = "http://\(host):\(server.port)/v3/mail/send"
                let error = await #expect(throws: OutboundError.self) { try await client.send(checked) }
                #expect(error?.code == .refusedAddress, "\(host): \(error?.description ?? "")")
            }
            #expect(server.count("connections") == round)
            // From now on there is a connection that was opened without a check.
            _ = try await client.send(Self.request(server))
        }
        checked.url = "http://127.0.0.1:\(server.port)/v3/mail/send"
        checked.addressCheck = { $0 == IPAddress("127.0.0.1") }
        let allowed = try await client.send(checked)
        #expect(allowed.status == 202)
        await engine.close()
    }

    @Test func `what can't be a request is refused before anything is sent`() async throws {
        let engine = TransferEngine(name: "test")
        let client = HTTPClient(engine)
        let requests = [
            HTTPRequest("POST", "http://127.0.0.1:1/", headers: [.init("X", "a\r\nY: b")]),
            HTTPRequest("POST", "http://127.0.0.1:1/", headers: [.init("X:", "a")]),
            HTTPRequest("POST", "http://127.0.0.1:1/", headers: [.init("X", "a\0")]),
            HTTPRequest("GET / HTTP/1.1", "http://127.0.0.1:1/"), HTTPRequest("GET", "http://127.0.0.1:1/a b"),
            HTTPRequest("GET", "http://127.0.0.1:1/\r\nX: y"), HTTPRequest("GET", "file:///etc/passwd"),
            HTTPRequest("GET", "gopher://127.0.0.1:1/x"), HTTPRequest("GET", ""),
            HTTPRequest("GET", "http://127.0.0.1:1/", authorization: .bearer(Secret("a\nb"))),
        ]
        for request in requests {
            let error = await #expect(throws: OutboundError.self) { try await client.send(request) }
            #expect(error?.code == .invalidRequest, "\(request.url): \(error?.description ?? "")")
        }
        await engine.close()
    }

    @Test func `time limits, cancelled tasks and long answers end a request`() async throws {
        let server = try await StandIn("api-stand-in.py")
        try server.answer(#"{"hang": true}"#)
        let engine = TransferEngine(name: "test")
        let client = HTTPClient(engine)
        var request = Self.request(server)
        request.timeout = .milliseconds(200)
        let late = await #expect(throws: OutboundError.self) { try await client.send(request) }
        #expect(late?.code == .timeout)
        let hanging = Task { try await client.send(Self.request(server)) }
        try await eventually("it has connected") { server.count("connections") == 2 }
        hanging.cancel()
        let cancelled = await #expect(throws: OutboundError.self) { try await hanging.value }
        #expect(cancelled?.code == .cancelled)
        try server.answer(#"{"status": 200, "body": "0123456789"}"#)
        request = Self.request(server)
        request.answerLimit = 5
        let long = await #expect(throws: OutboundError.self) { try await client.send(request) }
        #expect(long?.code == .answerTooLarge)
        await engine.close()
    }

    @Test func `a request to a store is signed as the store computes it`() async throws {
        let server = try await StandIn("api-stand-in.py")
        let engine = TransferEngine(name: "test")
        for path in ["bucket/tickets/2026/01/02/abc-1.pdf", "bucket/a%20b~c.pdf", "bucket/empty"] {
            let body: [UInt8] = path.hasSuffix("empty") ? [] : (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0) }
            let request = HTTPRequest(
                "PUT",
                "http://127.0.0.1:\(server.port)/\(path)",
                headers: [.init("Content-Type", "application/pdf")],
                body: body,
                authorization: .aws(
                    .init(region: "eu-west-3", service: "s3", keyID: "key-id", secret: Secret("store secret"))
                )
            )
            let answer = try await HTTPClient(engine).send(request)
            #expect(answer.status == 200, "\(path): \(String(decoding: answer.body, as: UTF8.self))")
        }
        await engine.close()
    }

    @Test func `a redirect is an answer, not an order`() async throws {
        let server = try await StandIn("api-stand-in.py")
        try server.answer(#"{"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}"#)
        let engine = TransferEngine(name: "test")
        let answer = try await HTTPClient(engine).send(Self.request(server))
        #expect(answer.status == 302)
        #expect(answer["location"] == "http://127.0.0.1:1/")
        await engine.close()
    }

    @Test func `a closed engine answers whoever waits, and leaves no thread, descriptor or connection`() async throws {
        let server = try await StandIn("api-stand-in.py")
        try server.answer(#"{"hang": true}"#)
        let engine = TransferEngine(name: "leak test", connectionsPerServer: 2)
        let client = HTTPClient(engine)
        let waiting = (0..<10).map { _ in Task { try await client.send(Self.request(server)) } }
        try await eventually("two have connected") { server.count("connections") == 2 }
        #expect(Self.threads(named: "leak test") == 1)
        await engine.close()
        for task in waiting {
            let error = await #expect(throws: OutboundError.self) { try await task.value }
            #expect(error?.code == .closed)
        }
        let late = await #expect(throws: OutboundError.self) { try await client.send(Self.request(server)) }
        #expect(late?.code == .closed)
        try await eventually("the thread ends") { Self.threads(named: "leak test") == 0 }
        #expect(try Self.connections(to: server.port) == 0)
    }

    @Test func `two hundred engines come and go, and with each its descriptors`() async throws {
        let server = try await StandIn("api-stand-in.py")
        let before = try Self.descriptors()
        for _ in 0..<200 {
            let engine = TransferEngine(name: "many")
            _ = try await HTTPClient(engine).send(Self.request(server))
            await engine.close()
        }
        try await eventually("the threads end") { Self.threads(named: "many") == 0 }
        // Other tests run at the same time; a leak of one per engine would stand out.
        #expect(try Self.descriptors() < before + 150)
    }

    private static func threads(named name: String) -> Int {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return tasks.count {
            (try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8)) == name + "\n"
        }
    }

    private static func descriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }

    /// Connections of ours that are not closed on both sides.
    private static func connections(to port: Int) throws -> Int {
        let digits = String(port, radix: 16, uppercase: true)
        let remote = ":" + String(repeating: "0", count: 4 - digits.count) + digits
        return try String(contentsOfFile: "/proc/net/tcp", encoding: .utf8).split(separator: "\n").dropFirst().count {
            let fields = $0.split(separator: " ")
            return fields[2].hasSuffix(remote) && fields[3] == "01"
        }
    }
}
