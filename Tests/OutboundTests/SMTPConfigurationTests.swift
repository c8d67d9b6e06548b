@testable import FlotillaOutbound
import FlotillaPlatform
import Testing

struct SMTPConfigurationTests {
    @Test func `a URL gives host, port, credentials and encryption`() throws {
        let first = try SMTPConfiguration(
            url: Secret("smtp://me%40example.org:p%3Aw%20x@mail.example.org/worker.example.org")
        )
        #expect(first.host == "mail.example.org")
        #expect(first.port == 587)
        #expect(first.user == "me@example.org")
        #expect(first.password?.revealed == "p:w x")
        #expect(first.encryption == .startTLS)
        #expect(first.transferURL == "smtp://mail.example.org:587/worker.example.org")
        let second = try SMTPConfiguration(url: Secret("smtps://[::1]"))
        #expect(second.port == 465)
        #expect(second.user == nil)
        #expect(second.encryption == .implicit)
        #expect(second.transferURL == "smtps://[::1]:465/")
        let third = try SMTPConfiguration(url: Secret("smtp://127.0.0.1:2525?tls=none"))
        #expect(third.encryption == .none)
        let fourth = try SMTPConfiguration(url: Secret("smtp://relay?tls=none"), plaintextHosts: ["relay"])
        #expect(fourth.encryption == .none)
    }

    @Test(
        arguments: [
            "", "mail.example.org", "smtp://", "http://mail.example.org", "smtp://u:hunter2@mail.example.org?tls=none",
            "smtp://u:hunter2@127.0.0.1.example.org?tls=none", "smtps://u:hunter2@h?tls=none", "smtp://h?tls=maybe",
            "smtp://h?starttls=no", "smtp://h/a%0d%0aRSET", "smtp://h:port",
        ]
    )
    func `a URL that can't be used, or would send secrets in the clear, is refused without being repeated`(url: String)
    {
        let error = #expect(throws: OutboundError.self) { try SMTPConfiguration(url: Secret(url)) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.description.contains("hunter2") == false)
    }
}

struct SMTPReplyTests {
    @Test func `the last reply is found, its lines together, and the goodbye passed over`() throws {
        let lines = ["220 hi", "250-mail", "250 HELP", "550-5.1.1 no such user", "550 5.1.1 here", "221 Bye"]
        let reply = try #require(SMTPReply(lastOf: lines))
        #expect(reply.code == 550)
        #expect(reply.enhancedStatus == "5.1.1")
        #expect(reply.description == "550 5.1.1 no such user 5.1.1 here")
        #expect(SMTPReply(lastOf: ["250 OK", "550"])?.description == "550")
    }

    @Test func `words are bounded, and no control characters come through`() throws {
        let reply = try #require(SMTPReply(lastOf: ["550 a\u{1b}[31mb\u{0}" + String(repeating: "x", count: 10_000)]))
        #expect(reply.text.count == 500)
        #expect(reply.text.hasPrefix("a [31mb x"))
        #expect(reply.enhancedStatus == nil)
    }

    @Test(arguments: [[], [""], ["hello"], ["25 x"], ["2500 x"], ["250-only"], ["٢٥٠ x"]])
    func `what is no reply is none`(lines: [String]) { #expect(SMTPReply(lastOf: lines) == nil) }
}

struct HTTPClientResponseTests {
    @Test func `headers of the last answer count, in whatever case`() {
        let lines = [
            "HTTP/1.1 100 Continue", "X: old", "", "HTTP/1.1 202 Accepted", "x-message-ID:  abc ", "Empty:", "",
        ]
        let answer = HTTPClientResponse(status: 202, lines: lines, body: [])
        #expect(answer["X-Message-Id"] == "abc ")
        #expect(answer["x"] == nil)
        #expect(answer["empty"] == "")
    }

    @Test func `a wait is read in seconds or as a date`() throws {
        func wait(_ text: String) -> Duration? {
            HTTPClientResponse(status: 429, headers: [.init(name: "Retry-After", value: text)], body: []).retryAfter
        }
        #expect(wait("7") == .seconds(7))
        #expect(wait("99999999999999999999") == .seconds(86_400))
        #expect(wait("Wed, 21 Oct 2015 07:28:00 GMT") == .zero)
        #expect(wait("Fri, 01 Jan 2100 00:00:00 GMT") == .seconds(86_400))
        #expect(wait("soon") == nil)
        #expect(wait("-5") == nil)
    }
}
