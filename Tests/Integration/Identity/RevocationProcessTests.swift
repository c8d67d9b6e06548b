import FlotillaTestSupport
import Foundation
import Testing

/// Processes of the built API, one or two side by side.
@Suite(.enabled(if: TestServers.areAvailable))
struct RevocationProcessTests {
    private struct API {
        let process: WorkerProcess
        let port: UInt16

        init(_ environment: [String: String], log: URL) async throws {
            let port = try FreePort.find()
            let process = try WorkerProcess(
                program: TestServers.programs.appending(path: "flotilla"),
                arguments: ["api", "--port", "\(port)"],
                environment: environment.merging(["FLOTILLA_QUEUES": Repository.file("queues.yaml").path]) { $1 },
                log: log
            )
            try await eventually("the API listens", every: .milliseconds(50)) {
                guard process.isRunning else {
                    let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
                    let status = try await process.waitForEnd()
                    throw TestSetupError(description: "the API has ended with \(status): \(text.suffix(500))")
                }
                return (try? RawClient(port: port)) != nil
            }
            (self.process, self.port) = (process, port)
        }

        func call(_ method: String, _ path: String, _ token: String, _ body: String? = nil) async throws -> Response {
            let client = try RawClient(port: port)
            var text = "\(method) \(path) HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer \(token)\r\n"
            if let body { text += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
            client.send(text + "\r\n" + (body ?? ""))
            guard let response = await client.response() else {
                throw TestSetupError(description: "no answer to \(method) \(path)")
            }
            return response
        }
    }

    private static func token(_ subject: String, scope: String) -> String {
        let now = Int64(Date.now.timeIntervalSince1970)
        return TokenMaker.hs256(
            TokenMaker.claims([
                "sub": "\"\(subject)\"", "jti": "\"\(subject)\"", "iat": "\(now)", "exp": "\(now + 600)",
                "scope": "\"\(scope)\"",
            ])
        )
    }

    @Test(.timeLimit(.minutes(5)))
    func `the API is degraded while its auth service is left alone`() async throws {
        let log = FileManager.default.temporaryDirectory.appending(path: TestServers.uniqueWord())
        defer { try? FileManager.default.removeItem(at: log) }
        try await TestDatabase.with(migrated: true) { database in
            let service = "http://127.0.0.1:\(try FreePort.find())"
            let api = try await API(["DATABASE_URL": database.url, "AUTH_SERVICE_URL": service], log: log)
            let before = try await api.call("GET", "/health/ready", "none")
            #expect(before.body.contains(#""name":"auth-service","status":"up","needed":false"#), "\(before.body)")
            for number in 0..<3 {
                #expect(try await api.call("GET", "/api/v1/jobs", "opaque-\(number)").status == 503)
            }
            try await eventually("readiness tells of it", within: .seconds(30)) {
                let ready = try await api.call("GET", "/health/ready", "none")
                return ready.status == 200 && ready.body.contains(#""status":"degraded""#)
                    && ready.body.contains(#""name":"auth-service","status":"down""#)
            }
            #expect(try await api.process.stop() == 0)
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a token that one process revokes is refused by the other within five seconds`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: TestServers.uniqueWord())
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await TestDatabase.with(migrated: true) { database in
            let environment = [
                "DATABASE_URL": database.url, "JWT_SECRET": String(decoding: TokenMaker.secret, as: UTF8.self),
                "FLOTILLA_JWT_ISSUER": TokenMaker.issuer,
            ]
            let one = try await API(environment, log: folder.appending(path: "one.log"))
            let other = try await API(environment, log: folder.appending(path: "other.log"))
            let word = TestServers.uniqueWord()
            let (reader, operating) = (Self.token(word, scope: "read"), Self.token("\(word)-op", scope: "operate"))
            for api in [one, other] {
                try await eventually("the API takes the token", every: .milliseconds(50)) {
                    try await api.call("GET", "/api/v1/jobs", reader).status == 200
                }
                #expect(try await api.call("POST", "/api/v1/tokens/revoke", reader, "{}").status == 403)
                #expect(try await api.call("GET", "/api/v1/jobs", reader + "x").status == 401)
            }
            let empty = try await one.call("POST", "/api/v1/tokens/revoke", operating, "{}")
            #expect(empty.status == 422)
            let both = try await one.call("POST", "/api/v1/tokens/revoke", operating, #"{"jti":"a"}"#)
            #expect(both.status == 422)
            let revoked = try await one.call("POST", "/api/v1/tokens/revoke", operating, "{\"token\":\"\(reader)\"}")
            #expect(revoked.status == 200)
            #expect(revoked.body.contains("\"id\":\"\(word)\""))
            #expect(try await one.call("GET", "/api/v1/jobs", reader).status == 401)
            let start = ContinuousClock.now
            try await eventually("the other process refuses it", every: .milliseconds(50)) {
                try await other.call("GET", "/api/v1/jobs", reader).status == 401
            }
            // Five on a machine that does nothing else.
            #expect(ContinuousClock.now - start < .seconds(15))
            #expect(
                try await other.call("POST", "/api/v1/tokens/revoke", operating, #"{"jti":"x","exp":1}"#).status == 200
            )
            for api in [one, other] { #expect(try await api.process.stop() == 0) }
        }
    }
}
