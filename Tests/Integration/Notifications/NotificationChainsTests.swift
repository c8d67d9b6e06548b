@testable import FlotillaNotifications
import FlotillaOutbound
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: StandIn.isAvailable, "python3-aiosmtpd is not installed: ops/setup.sh --test"), .serialized)
struct NotificationChainsTests {
    private static func mail(_ number: Int = 1, to address: String = "guest@example.com") -> MailMessage {
        MailMessage(
            id: "notification-\(number)",
            from: .init(name: "Événements", address: "no-reply@example.org"),
            to: .init(name: "Zoé 🎟️", address: address),
            subject: "Votre billet n° \(number)",
            text: "Bonjour\n",
            html: "<p>Bonjour</p>",
            date: 1_700_000_000_000_000,
            replyTo: .init(address: "help@example.org"),
            attachments: [.init(fileName: "billet n° 1.pdf", contentType: "application/pdf", content: [0, 1, 255])],
            unsubscribeURL: "https://example.org/u/1"
        )
    }

    private static let sms = TextMessage(id: "sms-1", to: "+33612345678", body: "Code : 42 & plus + é 👋\nfin")

    private static func with(
        _ configuration: NotificationConfiguration,
        metrics: Metrics = Metrics(),
        redis: RedisClient? = nil,
        _ body: (NotificationChains) async throws -> Void
    ) async throws {
        let log = Log(service: "test", threshold: .error)
        let chains = try NotificationChains(configuration, redis: redis, metrics: metrics, log: log)
        do {
            try await body(chains)
        } catch {
            await chains.close()
            throw error
        }
        await chains.close()
    }

    private static func configuration(smtp: StandIn? = nil, api: StandIn? = nil) -> NotificationConfiguration {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mail.\(UUID().uuidString)").path
        var configuration = NotificationConfiguration(folder: folder)
        if let smtp {
            configuration.smtpURL = Secret("smtp://user:pass%20word@localhost:\(smtp.port)")
            configuration.smtpAuthorities = smtp.folder.appending(path: "ca.pem").path
        }
        if let api {
            configuration.mailAPIURL = "http://127.0.0.1:\(api.port)/"
            configuration.mailAPIKey = Secret("mail-key")
            configuration.smsAPIURL = "http://127.0.0.1:\(api.port)"
            configuration.smsAPIAccount = "AC123"
            configuration.smsAPIToken = Secret("sms-token")
            configuration.smsFrom = "+15005550006"
        }
        return configuration
    }

    @Test func `without an account mail and SMS become files, whole and readable`() async throws {
        let configuration = Self.configuration()
        try await Self.with(configuration) { chains in
            #expect(
                await chains.email.send(Self.mail())
                    == .accepted(provider: "file", messageID: "notification-1@example.org")
            )
            #expect(await chains.sms.send(Self.sms) == .accepted(provider: "sms-file", messageID: "sms-1"))
            let file = URL(filePath: configuration.folder).appending(path: "notification-1.eml")
            let read = try await ReadMail.parse(Array(Data(contentsOf: file)))
            #expect(read.subject == "Votre billet n° 1")
            #expect(read.attachments.map(\.fileName) == ["billet n° 1.pdf"])
            let text = try Data(contentsOf: URL(filePath: configuration.folder).appending(path: "sms-1.json"))
            let message = try JSONDecoder().decode([String: String].self, from: text)
            #expect(message["body"] == Self.sms.body)
            #expect(try FileManager.default.contentsOfDirectory(atPath: configuration.folder).count == 2)
            #expect(await chains.email.isReachable())
        }
        try FileManager.default.removeItem(atPath: configuration.folder)
    }

    @Test func `ids can't lead a file out of its folder`() async throws {
        let configuration = Self.configuration()
        try await Self.with(configuration) { chains in
            var mail = Self.mail()
            mail.id = "../../escape"
            var sms = Self.sms
            sms.id = "../../escape"
            guard case .accepted = await chains.email.send(mail), case .accepted = await chains.sms.send(sms) else {
                Issue.record("not taken")
                return
            }
            let files = try FileManager.default.contentsOfDirectory(atPath: configuration.folder)
            #expect(files.count == 2)
        }
        try FileManager.default.removeItem(atPath: configuration.folder)
    }

    @Test func `the mail API is given what it documents, and its id is kept`() async throws {
        let api = try await StandIn("api-stand-in.py")
        try await Self.with(Self.configuration(api: api)) { chains in
            #expect(await chains.email.send(Self.mail()) == .accepted(provider: "mail-api", messageID: "mail-1"))
            #expect(api.text("complaints") == nil)
            struct Sent: Decodable {
                struct Attachment: Decodable { let content, filename, type: String }
                let subject: String
                let from: [String: String]
                let headers: [String: String]
                let attachments: [Attachment]
                let custom_args: [String: String]
            }
            let sent = try JSONDecoder().decode(Sent.self, from: try #require(api.files("requests", ".json").first))
            #expect(sent.subject == "Votre billet n° 1")
            #expect(sent.from == ["email": "no-reply@example.org", "name": "Événements"])
            #expect(sent.headers["List-Unsubscribe"] == "<https://example.org/u/1>")
            #expect(sent.attachments.first?.content == "AAH/")
            #expect(sent.attachments.first?.filename == "billet n° 1.pdf")
            #expect(sent.custom_args == ["notification_id": "notification-1"])
            #expect(await chains.email.isReachable())
        }
    }

    @Test func `the SMS API is given what it documents, and its id is kept`() async throws {
        let api = try await StandIn("api-stand-in.py")
        try await Self.with(Self.configuration(api: api)) { chains in
            #expect(await chains.sms.send(Self.sms) == .accepted(provider: "sms-api", messageID: "SM1"))
            #expect(api.text("complaints") == nil)
            let sent = try JSONDecoder()
                .decode([String: String].self, from: try #require(api.files("requests", ".json").first))
            #expect(sent == ["To": Self.sms.to, "From": "+15005550006", "Body": Self.sms.body])
            #expect(await chains.sms.isReachable())
        }
    }

    @Test func `an API's answers are told apart, and its words kept`() async throws {
        let api = try await StandIn("api-stand-in.py")
        let cases: [(String, ProviderResult)] = [
            (
                #"{"status": 400, "body": {"errors": [{"message": "Bad address", "field": "to.email"}]}}"#,
                .refused(reason: "status 400: Bad address (to.email)")
            ),
            (#"{"status": 413}"#, .refused(reason: "status 413")),
            (
                #"{"status": 403, "body": {"errors": [{"message": "access forbidden"}]}}"#,
                .denied(reason: "status 403: access forbidden (check MAIL_API_URL and MAIL_API_KEY)")
            ),
            (#"{"status": 404}"#, .denied(reason: "status 404 (check MAIL_API_URL and MAIL_API_KEY)")),
            (#"{"status": 405}"#, .denied(reason: "status 405 (check MAIL_API_URL and MAIL_API_KEY)")),
            (
                #"{"status": 400, "body": {"errors": [{"message": "Not verified", "field": "from.email"}]}}"#,
                .denied(reason: "status 400: Not verified (from.email) (check FLOTILLA_MAIL_FROM)")
            ),
            (
                #"{"status": 408, "headers": {"Retry-After": "9"}}"#,
                .deferred(reason: "status 408", after: .seconds(9))
            ),
            (
                #"{"status": 429, "headers": {"Retry-After": "7"}}"#,
                .unavailable(reason: "status 429", after: .seconds(7))
            ),
            (#"{"status": 500}"#, .failed(reason: "status 500")), (#"{"status": 503}"#, .failed(reason: "status 503")),
            (
                #"{"status": 503, "headers": {"Retry-After": "5"}}"#,
                .unavailable(reason: "status 503", after: .seconds(5))
            ),
            (#"{"status": 302}"#, .denied(reason: "status 302 (check MAIL_API_URL and MAIL_API_KEY)")),
        ]
        let engine = TransferEngine(name: "test")
        let url = "http://127.0.0.1:\(api.port)"
        let provider = MailAPIProvider(client: HTTPClient(engine), url: url, key: Secret("mail-key"))
        for (script, expected) in cases {
            try api.answer(script)
            let answer = await provider.send(Self.mail())
            #expect(answer == expected)
        }
        let sms = SMSAPIProvider(
            client: HTTPClient(engine),
            url: url,
            account: "AC123",
            token: Secret("sms-token"),
            from: "+15005550006"
        )
        try api.answer(#"{"status": 400, "body": {"code": 21211, "message": "The 'To' number is not valid."}}"#)
        #expect(await sms.send(Self.sms) == .refused(reason: "status 400: 21211: The 'To' number is not valid."))
        try api.answer(#"{"status": 400, "body": {"code": 21606, "message": "The 'From' number is not yours."}}"#)
        #expect(
            await sms.send(Self.sms)
                == .denied(
                    reason: "status 400: 21606: The 'From' number is not yours. (check FLOTILLA_SMS_FROM)"
                )
        )
        try api.answer(nil)
        let unauthorized = MailAPIProvider(client: HTTPClient(engine), url: url, key: Secret("other"))
        #expect(await unauthorized.isReachable() == false)
        guard case .denied(let reason) = await unauthorized.send(Self.mail()) else {
            Issue.record("let in")
            return
        }
        #expect(reason.contains("authorization required"))
        await engine.close()
    }

    @Test func `a field that can't be sent is refused with its name, by every provider`() async throws {
        let api = try await StandIn("api-stand-in.py")
        let smtp = try await StandIn("smtp-server.py", ["starttls"])
        var injected = Self.mail()
        injected.subject = "Hello\r\nBcc: everybody@example.com"
        var broken = Self.mail()
        broken.to.address = "a@b.c>\r\nRCPT TO:<x@y.z"
        for order in ["smtp", "mail-api", "file"] {
            var configuration = Self.configuration(smtp: smtp, api: api)
            configuration.emailProviders = [order]
            try await Self.with(configuration) { chains in
                guard case .refused(_, let first) = await chains.email.send(injected),
                    case .refused(_, let second) = await chains.email.send(broken)
                else {
                    Issue.record("\(order) took it")
                    return
                }
                #expect(first.hasPrefix("subject has a line break"))
                #expect(second.hasPrefix("to has a line break"))
            }
        }
        #expect(smtp.count("sessions") == 0)
        #expect(api.count("connections") == 0)
    }

    @Test func `where our sender, key or URL is refused the next provider takes over, and the log says what to mend`()
        async throws
    {
        let smtp = try await StandIn("smtp-server.py", ["starttls"])
        let api = try await StandIn("api-stand-in.py")
        var mail = Self.mail()
        mail.from.address = "say-550-5.7.1-not-yours@example.org"
        let metrics = Metrics()
        try await Self.with(Self.configuration(smtp: smtp, api: api), metrics: metrics) { chains in
            #expect(await chains.email.send(mail) == .accepted(provider: "mail-api", messageID: "mail-1"))
            #expect(metrics.render().contains(#"flotilla_breaker_open{dependency="smtp"} 1"#))
        }
        func expectOut(_ configuration: NotificationConfiguration, _ words: String) async throws {
            try await Self.with(configuration) { chains in
                guard case .allOut(let reason) = await chains.email.send(Self.mail()) else {
                    Issue.record("the mail paid for it")
                    return
                }
                #expect(reason.contains(words), "\(reason)")
            }
        }
        var unauthorized = Self.configuration(api: api)
        unauthorized.mailAPIKey = Secret("other")
        try await expectOut(unauthorized, "check MAIL_API_URL and MAIL_API_KEY")
        var intruder = Self.configuration(smtp: smtp)
        intruder.smtpURL = Secret("smtp://user:wrong@localhost:\(smtp.port)")
        try await expectOut(intruder, "check the user and the password in SMTP_URL")
        try api.answer(#"{"status": 404}"#)
        try await expectOut(Self.configuration(api: api), "check MAIL_API_URL and MAIL_API_KEY")
    }

    @Test func `with the mail server down the API takes over, with both down nothing goes, and all returns`()
        async throws
    {
        var smtp: StandIn? = try await StandIn("smtp-server.py", ["starttls"])
        let (folder, port) = try #require(smtp.map { ($0.folder, $0.port) })
        let api = try await StandIn("api-stand-in.py")
        let metrics = Metrics()
        func isOpen(_ name: String) -> Bool {
            metrics.render().contains("flotilla_breaker_open{dependency=\"\(name)\"} 1")
        }
        try await Self.with(Self.configuration(smtp: smtp, api: api), metrics: metrics) { chains in
            func provider(_ number: Int) async -> String {
                switch await chains.email.send(Self.mail(number)) {
                case .accepted(let provider, _): provider
                case .allOut: "none"
                case let other: "\(other)"
                }
            }
            #expect(await provider(1) == "smtp")
            try await smtp?.stop()
            for number in 2...6 { #expect(await provider(number) == "mail-api") }
            #expect(isOpen("smtp"))
            #expect(!isOpen("mail-api"))
            try api.answer(#"{"status": 500}"#)
            for number in 7...12 { #expect(await provider(number) == "none") }
            #expect(isOpen("mail-api"))
            #expect(await chains.email.isReachable() == false)
            smtp?.keepFolder()
            smtp = try await StandIn("smtp-server.py", ["starttls"], folder: folder, port: port)
            try await eventually("the mail server is noticed") { !isOpen("smtp") }
            #expect(await chains.email.isReachable())
            #expect(await provider(13) == "smtp")
            try api.answer(nil)
            try await eventually("the API is noticed") { !isOpen("mail-api") }
        }
    }

    @Test(.enabled(if: TestRedis.isAvailable))
    func `a rate is shared between processes through Redis`() async throws {
        try await TestRedis.with { redis, prefix in
            let limits = RateLimits(redis)
            let other = try TestRedis.client()
            let same = RateLimits(other)
            let first = try await limits.take(3, of: prefix, rate: 10, burst: 5)
            let second = try await same.take(3, of: prefix, rate: 10, burst: 5)
            let third = try await limits.take(1, of: prefix, rate: 10, burst: 5)
            #expect(first.granted == 3)
            #expect(second.granted == 2)
            #expect(third.granted == 0)
            #expect(third.next > .zero && third.next <= .milliseconds(100))
            var granted = 0
            let start = ContinuousClock.now
            try await eventually("ten more are granted") {
                granted += try await [limits, same][granted % 2].take(1, of: prefix, rate: 10, burst: 5).granted
                return granted == 10
            }
            #expect(.now - start > .milliseconds(850))
            let left = try await redis.command(["PTTL", .text("flotilla:rate:\(prefix)")]).int ?? 0
            #expect(left > 0 && left < 3_000)
            await other.close()
        }
    }
}
