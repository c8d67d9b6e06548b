import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct APIHostilityTests {
    private func withAPI(_ body: (APIFixture) async throws -> Void) async throws {
        try await TestDatabase.with(migrated: true) { database in try await APIFixture.with(database.pool, body) }
    }

    @Test func `garbage is refused with what is wrong with it, and the server lives`() async throws {
        let deep = #"{"type":"audit.write","payload":"# + String(repeating: "[", count: 100_000)
        let cases: [(String, Int)] = [
            ("", 400), ("{", 400), ("[]", 400), ("nonsense", 400), (deep, 400), (#"{"type":1,"payload":{}}"#, 422),
            (#"{"type":"audit.write"}"#, 422), (#"{"type":"audit.write","payload":{},"x":1}"#, 422),
            (#"{"type":"audit.write","payload":{},"priority":"urgent"}"#, 422),
            (#"{"type":"audit.write","payload":{},"priority":10}"#, 422),
            (#"{"type":"audit.write","payload":{},"priority":"3"}"#, 422),
            (#"{"type":"audit.write","payload":{},"scheduledAt":"soon"}"#, 422),
            (#"{"type":"a b","payload":{}}"#, 422), (#"{"type":"audit.write","payload":01}"#, 400),
        ]
        try await withAPI { api in
            for (body, status) in cases {
                let response = try await api.call("POST", "/api/v1/jobs", body)
                #expect(response.status == status, "\(body.prefix(60)): \(response.body)")
                #expect(try response.object()["correlationId"] is String)
            }
            let big = #"{"type":"audit.write","payload":""# + String(repeating: "x", count: 1 << 20) + "\"}"
            let client = try api.client()
            client.send(api.request("POST", "/api/v1/jobs", big))
            #expect(await client.readToEnd().hasPrefix("HTTP/1.1 413"))
            #expect(try await api.call("PATCH", "/api/v1/jobs").status == 405)
            #expect(try await api.call("POST", "/api/v1/events", #"{"type":"a","data":1}"#).status == 202)
        }
    }

    @Test func `who may not send a body is answered by the head of the request alone`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            try await APIFixture.with(database.pool, scopes: [.read]) { api in
                let cases: [(path: String, key: String?, status: Int)] = [
                    ("/api/v1/jobs", APIKey().revealed, 401), ("/api/v1/jobs", nil, 403), ("/api/v1/nothing", nil, 404),
                ]
                for (path, key, status) in cases {
                    let client = try api.client()
                    let head = api.request("POST", path, headers: ["Content-Length": "1000000"], key: key)
                    client.send(head + #"{"t"#)
                    let response = await client.response()
                    #expect(response?.status == status, "\(path)")
                    #expect(api.server.bodyMemoryUsed == 0)
                }
            }
        }
    }

    @Test func `a thousand requests with damaged bodies are refused or taken in, and never a failure of ours`()
        async throws
    {
        let body = Array(
            #"{"type":"audit.write","payload":{"a":[1,2.5e3,"x\u00e9"]},"priority":5,"scheduledAt":"2026-01-30T03:00:00Z"}"#
                .utf8
        )
        try await withAPI { api in
            let client = try api.client()
            for number in 0..<1_000 {
                var damaged = body
                for _ in 0...Int.random(in: 0..<4) {
                    let place = damaged.indices.randomElement() ?? 0
                    switch number % 3 {
                    case 0: damaged[place] = .random(in: 0...255)
                    case 1: damaged.remove(at: place)
                    default: damaged.insert(contentsOf: damaged.suffix(from: place).prefix(9), at: place)
                    }
                }
                let path = number % 2 == 0 ? "/api/v1/jobs" : "/api/v1/events"
                let head = api.request(
                    "POST",
                    path,
                    headers: ["Content-Type": "application/json", "Content-Length": "\(damaged.count)"]
                )
                client.send(Array(head.utf8) + damaged)
                let status = await client.response()?.status ?? 0
                #expect((200..<500).contains(status), "\(status) to \(damaged)")
            }
        }
    }

    @Test func `bytes that are not UTF-8 are 400, wherever they are`() async throws {
        try await withAPI { api in
            let client = try api.client()
            let body = Array(#"{"type":"audit.write","payload":""#.utf8) + [0xc3, 0x28] + Array("\"}".utf8)
            let head = api.request("POST", "/api/v1/jobs", headers: ["Content-Length": "\(body.count)"])
            client.send(Array(head.utf8) + body)
            #expect(await client.response()?.status == 400)
            let path = try api.client()
            path.send(Array("GET /".utf8) + [0xff, 0xfe] + Array(" HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
            let status = await path.response()?.status ?? 400
            #expect((400..<500).contains(status))
        }
    }

    @Test func `pipelined jobs are all taken in, and answered in order`() async throws {
        try await withAPI { api in
            let client = try api.client()
            client.send(
                (0..<50).map { number in
                    api.request(
                        "POST",
                        "/api/v1/events",
                        #"{"type":"a.b","data":\#(number),"id":"m\#(number)"}"#
                    )
                }.joined()
            )
            for number in 0..<50 {
                let response = try #require(await client.response())
                #expect(response.status == 202)
                #expect(try response.data()["id"] as? String == "m\(number)")
            }
        }
    }
}
