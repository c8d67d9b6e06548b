import FlotillaHTTPServer
import FlotillaPlatform
import FlotillaTestSupport
import Foundation
import Testing

/// What browsers and other clients ask for beyond the request itself, over the wire.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct APIBrowserTests {
    private static let page = "https://app.example.com"

    private func withAPI(_ body: (APIFixture) async throws -> Void) async throws {
        try await TestDatabase.with(migrated: true) { database in
            try await APIFixture.with(database.pool, origins: CrossOriginPolicy([Self.page]), body)
        }
    }

    /// What curl prints for a request, and how it ended.
    private func curl(_ arguments: [String]) async throws -> (output: Data, status: Int32) {
        try await offPool {
            let program = Process()
            program.executableURL = URL(filePath: "/usr/bin/env")
            program.arguments = ["curl", "--silent", "--show-error"] + arguments
            let output = Pipe()
            program.standardOutput = output
            try program.run()
            let data = output.fileHandleForReading.readDataToEndOfFile()
            program.waitUntilExit()
            return (data, program.terminationStatus)
        }
    }

    @Test func `curl unpacks what it is sent packed, and it is what it gets unpacked`() async throws {
        try await withAPI { api in
            let url = "http://127.0.0.1:\(api.server.port)/openapi.json"
            let key = ["--header", "X-API-Key: \(api.key.revealed)"]
            let plain = try await curl(key + [url])
            let packed = try await curl(key + ["--compressed", "--dump-header", "-", url])
            #expect(plain.status == 0 && packed.status == 0)
            let text = String(decoding: packed.output, as: UTF8.self)
            #expect(text.contains("Content-Encoding: gzip"))
            #expect(text.hasSuffix(String(decoding: plain.output, as: UTF8.self)))
            let length = text.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }?.dropFirst(16)
            #expect(try #require(length.flatMap { Int($0) }) * 3 < plain.output.count)
        }
    }

    @Test func `the bytes of a packed answer are gzip, on a connection that goes on`() async throws {
        try await withAPI { api in
            let client = try api.client()
            for _ in 0..<3 {
                client.send(api.request("GET", "/openapi.json", headers: ["Accept-Encoding": "gzip"]))
                let answer = try #require(await client.bytes())
                #expect(
                    answer.head.contains("Vary: Origin, Accept-Encoding") || answer.head.contains("Accept-Encoding")
                )
                let unpacked = try Inflation.unpack(answer.body, .gzip, upTo: 1 << 22)
                #expect(String(decoding: unpacked, as: UTF8.self).hasPrefix("{\"openapi\":"))
            }
            client.send(api.request("HEAD", "/openapi.json", headers: ["Accept-Encoding": "gzip"]))
            #expect(await client.response(toHead: true)?.header("Content-Encoding") == "gzip")
        }
    }

    @Test func `a preflight has no body and no key, and the connection is kept`() async throws {
        try await withAPI { api in
            let client = try api.client()
            for _ in 0..<2 {
                client.send(
                    "OPTIONS /api/v1/jobs HTTP/1.1\r\nHost: x\r\nOrigin: \(Self.page)\r\n"
                        + "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-api-key\r\n\r\n"
                )
                let answer = try #require(await client.response())
                #expect(answer.status == 204)
                #expect(answer.header("Access-Control-Allow-Methods") == "GET, HEAD, POST")
                #expect(answer.header("Access-Control-Allow-Origin") == Self.page)
                #expect(answer.header("Content-Length") == nil)
            }
            let answer = try await api.call("GET", "/api/v1/jobs", headers: ["Origin": Self.page])
            #expect(answer.header("Access-Control-Allow-Origin") == Self.page)
            let other = try await api.call("GET", "/api/v1/jobs", headers: ["Origin": "https://evil.example"])
            #expect(other.status == 200)
            #expect(!other.head.contains("Access-Control"))
        }
    }

    @Test func `mistakes are problems for who asks for them, those of the head too`() async throws {
        try await withAPI { api in
            let accept = ["Accept": "application/problem+json"]
            let wrong = try await api.call("POST", "/api/v1/jobs", #"{"type":1}"#, headers: accept)
            #expect(wrong.status == 422)
            #expect(wrong.header("Content-Type") == "application/problem+json")
            #expect((try wrong.object()["errors"] as? [[String: String]])?.isEmpty == false)
            #expect(try wrong.object()["instance"] as? String == "/api/v1/jobs")
            let long = try await api.call(
                "POST",
                "/api/v1/jobs",
                headers: accept.merging(["Content-Length": "9999999"]) { $1 }
            )
            #expect(long.status == 413)
            #expect(try long.object()["code"] as? String == "body_too_large")
            let forged = try await api.call("POST", "/api/v1/events", "{}", headers: accept, key: APIKey().revealed)
            #expect(forged.status == 401)
            #expect(try forged.object()["title"] as? String == "Unauthorized")
        }
    }
}
