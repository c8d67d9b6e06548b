@testable import FlotillaHTTPRouting
@testable import FlotillaHTTPServer
import FlotillaTestSupport
import Foundation
import Synchronization
import Testing

/// Where a request ends, over a loopback socket of a free port: nobody in between may read it otherwise.
@Suite(.serialized)
struct HTTPFramingTests {
    /// How many requests the handler has seen.
    private final class Handled: Sendable {
        private let paths = Mutex<[String]>([])
        var all: [String] { paths.withLock { $0 } }
        func add(_ path: String) { paths.withLock { $0.append(path) } }
    }

    private func withServer(
        _ change: (inout HTTPServerConfiguration) -> Void = { _ in },
        _ body: (HTTPServer, Handled) async throws -> Void
    ) async throws {
        var configuration = HTTPServerConfiguration()
        change(&configuration)
        let handled = Handled()
        let server = try HTTPServer.start(configuration) { request in
            handled.add(request.path)
            return HTTPResponse(text: "\(request.body.count)")
        }
        let result: Result<Void, any Error>
        do { result = .success(try await body(server, handled)) } catch { result = .failure(error) }
        await server.stop(within: .seconds(1))
        try result.get()
    }

    private func answers(_ port: UInt16, to request: [UInt8]) async throws -> [String] {
        let client = try RawClient(port: port)
        client.send(request)
        return await client.readToEnd().components(separatedBy: "HTTP/1.1 ").dropFirst().map { "HTTP/1.1 " + $0 }
    }

    /// Checks that there is one answer, with this status, in the envelope.
    private func expect(_ answers: [String], status: Int) {
        #expect(answers.count == 1, "\(answers)")
        let answer = answers.first ?? ""
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        #expect(answer.contains("X-Correlation-ID: "), "\(answer)")
        #expect(answer.contains(#"{"success":false,"error":{"code":""#), "\(answer)")
    }

    @Test func `a head near the limit is answered, or refused before the handler sees it`() async throws {
        try await withServer { server, handled in
            for kind in ["GET /?", "GET / HTTP/1.1\r\nX-A: "] {
                for size in stride(from: 31_000, to: 44_000, by: 250) {
                    let before = handled.all.count
                    let end = kind.hasSuffix("?") ? " HTTP/1.1\r\n" : "\r\n"
                    let text = kind + String(repeating: "a", count: size) + end + "Host: x\r\nConnection: close\r\n\r\n"
                    let answers = try await answers(server.port, to: Array(text.utf8))
                    let count = handled.all.count - before
                    if count == 1 {
                        #expect(answers.count == 1 && answers[0].hasPrefix("HTTP/1.1 200 "), "\(size) \(answers)")
                        #expect(text.utf8.count <= 32 << 10)
                    } else {
                        expect(answers, status: answers.first?.hasPrefix("HTTP/1.1 414 ") == true ? 414 : 431)
                        #expect(text.utf8.count > 31 << 10)
                    }
                }
            }
        }
    }

    @Test func `requests with many fields, one behind the other, are each answered when they are handled`() async throws
    {
        try await withServer { server, handled in
            for fields in stride(from: 0, to: 640, by: 20) {
                let before = handled.all.count
                let head = "GET / HTTP/1.1\r\nHost: x\r\n" + String(repeating: "A: b\r\n", count: fields)
                let padding = "X-A: " + String(repeating: "a", count: 2_000) + "\r\n"
                let text = String(repeating: head + padding + "\r\n", count: 30) + head + "Connection: close\r\n\r\n"
                let answers = try await answers(server.port, to: Array(text.utf8))
                let good = answers.filter { $0.hasPrefix("HTTP/1.1 200 ") }
                #expect(good.count == handled.all.count - before, "\(fields)")
                if fields <= 40 { #expect(good.count == 31) }
            }
        }
    }

    @Test func `an answer whose head has no room in the library's memory is sent all the same`() async throws {
        let field = String(repeating: "b", count: 60_000)
        let server = try HTTPServer.start(HTTPServerConfiguration()) { _ in
            var response = HTTPResponse(text: "done")
            response.headers.add("X-Long", field)
            return response
        }
        let text = "GET / HTTP/1.1\r\nHost: x\r\n" + String(repeating: "A: b\r\n", count: 100) + "\r\n"
        let answers = try await answers(server.port, to: Array(text.utf8))
        #expect(answers.count == 1)
        #expect(answers.first?.hasPrefix("HTTP/1.1 200 ") == true)
        #expect(answers.first?.hasSuffix("\r\n\r\ndone") == true)
        await server.stop(within: .seconds(1))
    }

    static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    @Test(arguments: [
        "Content-Length:\r\n 57", "Content-Length:\r\n\t57", "Content-Length: 5\r\n 7", "Content-Length: 57\r\n ",
        "Transfer-Encoding:\r\n chunked", "X: a\r\n Transfer-Encoding: chunked", "X: a\r\n b", "X:\r\n ",
        "Content-Length: 0\0" + "57", "Content-Length: 57\0", "Content-Length\0: 57", "Content-Length: \0" + "57",
        "Transfer-Encoding: chunked\0", "Transfer-Encoding\0x: chunked", "Transfer-Encoding: \0chunked",
        ": foo\r\nContent-Length: 57", "X: y\r\n: foo", " : foo", "\0\r\nContent-Length: 57", "\0X: y",
        "X: a\rContent-Length: 57", "X: a\r", "\rX: a", "X: a\u{1}b", "X: a\u{7f}b", "X: a\u{b}b",
        "X: a\nContent-Length: 57", "X: a\n\r\nY: b", "Content-Length", "X\r\nContent-Length: 57",
    ])
    func `a head that others may read otherwise is refused, and nothing behind it is carried out`(fields: String)
        async throws
    {
        try await withServer { server, handled in
            for request in [
                "POST / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\n", "POST / HTTP/1.1\r\n\(fields)\r\nHost: x\r\n\r\n",
            ] {
                let answers = try await answers(server.port, to: Array((request + Self.smuggled).utf8))
                expect(answers, status: 400)
                #expect(handled.all == [], "\(request)")
            }
        }
    }

    @Test(arguments: [
        "GE\0T / HTTP/1.1", "GET /\0a HTTP/1.1", "GET  / HTTP/1.1", "GET /a\tb HTTP/1.1", "GET /\u{7f} HTTP/1.1",
        "GET / HTTP/1.1\0", "GET / http/1.1", "GET / HTTP/11", "GET /", "G\u{e9}T / HTTP/1.1", "GET / HTTP/1.1 ",
    ])
    func `so is a request line`(line: String) async throws {
        try await withServer { server, handled in
            let text = "\(line)\r\nHost: x\r\n\r\n" + Self.smuggled
            expect(try await answers(server.port, to: Array(text.utf8)), status: 400)
            #expect(handled.all == [])
        }
    }

    @Test func `a head in small pieces, after blank lines, with blanks around values is read`() async throws {
        try await withServer { server, handled in
            let client = try RawClient(port: server.port)
            let text =
                "\r\n\r\nPOST /a?b=%20&c&d=1 HTTP/1.1\r\nHost: \t x:80 \r\nX-Empty:\r\nX-Blank: \t \r\nCookie: a=b; c=d\r\n"
                + "X-Text: caf\u{e9} a\tb\r\nContent-Length:3\r\n\r\nabc"
            for byte in text.utf8 { client.send([byte]) }
            #expect(await client.response()?.body == "3")
            client.send(text)
            #expect(await client.response()?.body == "3")
            #expect(handled.all == ["/a", "/a"])
        }
    }

    @Test(arguments: [
        ("Host: a\r\nHost: a\r\n", 400), ("Host: a\r\nHost: b\r\n", 400), ("Host: a b/c@\r\n", 400), ("Host:\r\n", 400),
        ("Host: a/b\r\n", 400), ("Host: u@a\r\n", 400), ("Host: a\r\nExpect: banana\r\n", 417),
        ("Host: a\r\nExpect: 100-continue\r\nExpect: banana\r\n", 417),
        ("Host: [::1]:80\r\nConnection: close\r\n", 200), ("Host: a-b_c.example:8080\r\nConnection: close\r\n", 200),
    ])
    func `Host is one name or address, and Expect is known`(fields: String, status: Int) async throws {
        try await withServer { server, handled in
            let text = "GET / HTTP/1.1\r\n\(fields)\r\n"
            let answers = try await answers(server.port, to: Array(text.utf8))
            if status != 200 { expect(answers, status: status) }
            #expect(answers.first?.hasPrefix("HTTP/1.1 \(status) ") == true, "\(answers)")
            #expect(handled.all.count == (status == 200 ? 1 : 0))
        }
    }

    @Test(arguments: [
        ("5;" + String(repeating: "a", count: 45_000) + "\r\nhello\r\n0\r\n\r\n", 400),
        ("5;" + String(repeating: "a", count: 100_000) + "\r\nhello\r\n0\r\n\r\n", 400),
        ("5\r\nhello\r\n5;" + String(repeating: "a", count: 100_000) + "\r\nhello\r\n0\r\n\r\n", 400),
        ("FFFFFFFFFFFFFFFFF\r\nx", 413), ("-1\r\nx\r\n0\r\n\r\n", 400), ("5\r\nhelloXX0\r\n\r\n", 400),
        ("5\r\nhello\r\n0\r\n" + String(repeating: "X: yyyyyyyyyyyyyyy\r\n", count: 20_000), 431),
        ("5\r\nhello\r\n0\r\nX\r\n\r\n", 400),
    ])
    func `chunks that can't be read are the client's fault`(body: String, status: Int) async throws {
        try await withServer { server, handled in
            let text = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body
            // Another one with a body in chunks is not taken for it.
            let other = try RawClient(port: server.port)
            other.send("POST /other HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            try await eventually("it is here") { server.bodyMemoryUsed == 5 }
            for _ in 0..<4 { expect(try await answers(server.port, to: Array(text.utf8)), status: status) }
            #expect(handled.all == [])
            other.send("0\r\n\r\n")
            #expect(await other.response()?.body == "5")
        }
    }

    @Test(arguments: ["", "X: y\r\n", "X: y\r\n: foo\r\n", ": foo\r\n", "\0\r\n", "X: y\n"])
    func `a request in chunks is the last of its connection`(trailers: String) async throws {
        try await withServer { server, handled in
            let text =
                "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\(trailers)\r\n"
                + Self.smuggled
            let answers = try await answers(server.port, to: Array(text.utf8))
            #expect(answers.count == 1, "\(answers)")
            #expect(answers.first?.contains("Connection: close") == true)
            #expect(handled.all == ["/a"])
        }
    }

    @Test func `HTTP 1.0 has no chunks`() async throws {
        try await withServer { server, handled in
            let text =
                "POST / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            expect(try await answers(server.port, to: Array((text + Self.smuggled).utf8)), status: 400)
            #expect(handled.all == [])
        }
    }

    @Test func `half a head that comes in one piece with a request has the time of a head`() async throws {
        try await withServer({
            $0.headTimeout = .seconds(3)
            $0.idleTimeout = .seconds(3_600)
        }) { server, handled in
            let whole = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
            // Without anything behind it, a connection may be kept for longer.
            let idle = try RawClient(port: server.port)
            idle.send(whole)
            #expect(await idle.response()?.status == 200)
            let client = try RawClient(port: server.port)
            client.send(whole + "\r\n" + whole + "GET /health/li")
            let answer = await client.readToEnd()
            #expect(answer.components(separatedBy: "HTTP/1.1 200 ").count == 3, "\(answer)")
            #expect(answer.components(separatedBy: "HTTP/1.1 408 ").count == 2, "\(answer)")
            idle.send("\r\n" + whole)
            #expect(await idle.response()?.status == 200)
            #expect(handled.all.count == 4)
        }
    }
}
