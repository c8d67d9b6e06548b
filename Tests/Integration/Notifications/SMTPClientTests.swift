import FlotillaOutbound
import FlotillaPlatform
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: StandIn.isAvailable, "python3-aiosmtpd is not installed: ops/setup.sh --test"), .serialized)
struct SMTPClientTests {
    /// A client of the stand-in, closed at the end.
    private static func with(
        _ server: StandIn,
        scheme: String = "smtp",
        user: String? = "user:pass%20word",
        host: String = "localhost",
        query: String = "",
        authorities: String? = "ca.pem",
        connections: Int = 4,
        timeout: Duration = .seconds(20),
        queueTimeout: Duration = .seconds(20),
        _ body: (SMTPClient) async throws -> Void
    ) async throws {
        let url = "\(scheme)://\(user.map { $0 + "@" } ?? "")\(host):\(server.port)\(query)"
        var configuration = try SMTPConfiguration(
            url: Secret(url),
            authorities: authorities.map { server.folder.appending(path: $0).path }
        )
        configuration.timeout = timeout
        let client = SMTPClient(configuration, connections: connections, queueTimeout: queueTimeout)
        do {
            try await body(client)
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }

    private static func mail(_ text: String = "hi\n", number: Int = 0) -> MailMessage {
        MailMessage(
            id: "mail-\(number)",
            from: .init(name: "Flotilla", address: "no-reply@example.org"),
            to: .init(address: "guest@example.com"),
            subject: "Hello",
            text: text,
            date: 1_700_000_000_000_000
        )
    }

    private static func send(
        _ client: SMTPClient,
        _ content: [UInt8]? = nil,
        from sender: String = "no-reply@example.org",
        to recipient: String = "guest@example.com"
    ) async throws -> SMTPResult {
        await client.send(
            try content ?? mail().mime(),
            from: try MailAddress(sender, field: "from"),
            to: try MailAddress(recipient, field: "to")
        )
    }

    @Test(arguments: ["starttls", "implicit"])
    func `a mail arrives byte for byte, encrypted and authenticated`(mode: String) async throws {
        let server = try await StandIn("smtp-server.py", [mode])
        try await Self.with(server, scheme: mode == "implicit" ? "smtps" : "smtp") { client in
            let content = try Self.mail("Réservé\n.\n").mime()
            let answer = try await Self.send(client, content)
            #expect(answer == .accepted(SMTPReply(code: 250, text: "2.0.0 Ok: queued as 000001")))
            #expect(try server.files("mail", ".eml") == [Data(content)])
            let envelope = try server.files("mail", ".envelope").map { String(decoding: $0, as: UTF8.self) }
            #expect(envelope == ["no-reply@example.org\nguest@example.com\ntls\nauth"])
            try await client.probe()
        }
    }

    @Test func `a certificate of an unknown authority or for another name is refused`() async throws {
        for mode in ["starttls", "implicit"] {
            let server = try await StandIn("smtp-server.py", [mode])
            let scheme = mode == "implicit" ? "smtps" : "smtp"
            try await Self.with(server, scheme: scheme, authorities: nil) { client in
                try await Self.expectOut(client, .tls)
            }
            try await Self.with(server, scheme: scheme, host: "127.0.0.1") { client in
                try await Self.expectOut(client, .tls)
            }
            let none = try server.files("mail", ".eml")
            #expect(none.isEmpty)
        }
    }

    @Test func `a server without STARTTLS gets neither password nor mail, unless plaintext was asked for`() async throws
    {
        let server = try await StandIn("smtp-server.py", ["plain"])
        try await Self.with(server, user: nil) { client in try await Self.expectOut(client, .tls) }
        let none = try server.files("mail", ".eml")
        #expect(none.isEmpty)
        try await Self.with(server, user: nil, query: "?tls=none") { client in
            guard case .accepted = try await Self.send(client) else {
                Issue.record("not taken")
                return
            }
        }
    }

    @Test func `a wrong password means that the provider is out, in the server's words`() async throws {
        let server = try await StandIn("smtp-server.py", ["starttls"])
        try await Self.with(server, user: "user:wrong") { client in
            let error = try await Self.expectOut(client, .authentication)
            #expect(error?.detail.contains("535 5.7.8") == true)
            #expect(error?.description.contains("wrong") == false)
            await #expect(throws: OutboundError.self) { try await client.probe() }
        }
    }

    @Test func `a hundred mails go out over few sessions`() async throws {
        let server = try await StandIn("smtp-server.py", ["starttls"])
        try await Self.with(server) { client in
            try await withThrowingTaskGroup { group in
                for number in 0..<100 {
                    group.addTask {
                        let content = try Self.mail("number \(number)\n", number: number).mime()
                        guard case .accepted = try await Self.send(client, content) else {
                            throw TestSetupError(description: "not taken")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(Set(try server.files("mail", ".eml")).count == 100)
            #expect((1...4).contains(server.count("sessions")))
        }
    }

    @Test func `a server's answers are told apart, and its words kept`() async throws {
        let server = try await StandIn("smtp-server.py", ["starttls"])
        try await Self.with(server) { client in
            let unknown = try await Self.send(client, to: "say-550-5.1.1-no-such-user@example.com")
            #expect(unknown == .refused(SMTPReply(code: 550, text: "5.1.1 no such user")))
            let grey = try await Self.send(client, to: "say-451-4.7.1-come-back-later@example.com")
            #expect(grey == .deferred(SMTPReply(code: 451, text: "4.7.1 come back later")))
            let spam = try await Self.send(client, to: "after-554-5.7.1-looks-like-spam@example.com")
            #expect(spam == .refused(SMTPReply(code: 554, text: "5.7.1 looks like spam")))
            let full = try await Self.send(client, to: "after-452-4.3.1-disk-full@example.com")
            #expect(full == .deferred(SMTPReply(code: 452, text: "4.3.1 disk full")))
            let busy = try await Self.expectInterrupted(client, to: "say-421-4.3.2-too-busy@example.com")
            #expect(busy?.detail.contains("421 4.3.2 too busy") == true)
            let denied = try await Self.expectOut(client, .authentication, to: "say-530-5.7.0-log-in@example.com")
            #expect(denied?.detail == "530 5.7.0 log in")
            for _ in 0..<2 {
                try await Self.expectInterrupted(client, to: "drop@example.com")
                try await Self.expectInterrupted(client, to: "cut@example.com", mayHaveArrived: true)
            }
            guard case .accepted = try await Self.send(client) else {
                Issue.record("not taken after all that")
                return
            }
        }
    }

    @Test func `a sender that is refused is no refusal of the recipient`() async throws {
        let server = try await StandIn("smtp-server.py", ["starttls"])
        try await Self.with(server) { client in
            // On a fresh session, and on one that has carried a mail.
            for _ in 0..<2 {
                let refused = try await Self.send(client, from: "say-550-5.7.1-not-yours@example.org")
                #expect(refused == .senderRefused(SMTPReply(code: 550, text: "5.7.1 not yours")))
                let late = try await Self.send(client, to: "say-553-5.1.8-sender-rejected@example.com")
                #expect(late == .senderRefused(SMTPReply(code: 553, text: "5.1.8 sender rejected")))
                let full = try await Self.send(client, from: "say-452-4.3.1-disk-full@example.org")
                #expect(full == .senderDeferred(SMTPReply(code: 452, text: "4.3.1 disk full")))
                let tooLong = try await Self.send(client, from: "say-552-5.3.4-too-big@example.org")
                #expect(tooLong == .refused(SMTPReply(code: 552, text: "5.3.4 too big")))
                guard case .accepted = try await Self.send(client) else {
                    Issue.record("not taken after all that")
                    return
                }
            }
        }
    }

    @Test func `a server without a password tells its sessions from its arrivals as well`() async throws {
        let server = try await StandIn("smtp-server.py", ["plain"])
        try await Self.with(server, user: nil, query: "?tls=none") { client in
            try await Self.expectInterrupted(client, to: "drop@example.com")
            let refused = try await Self.send(client, from: "say-550-no@example.org")
            #expect(refused == .senderRefused(SMTPReply(code: 550, text: "no")))
        }
    }

    @Test func `a server that falls silent is out, whether or not a session is open`() async throws {
        let server = try await StandIn("smtp-server.py", ["starttls"])
        try await Self.with(server, timeout: .seconds(1)) { client in
            guard case .accepted = try await Self.send(client) else {
                Issue.record("not taken")
                return
            }
            server.suspend()
            for _ in 0..<2 { try await Self.expectOut(client, .timeout) }
            server.resume()
            guard case .accepted = try await Self.send(client) else {
                Issue.record("not taken after its return")
                return
            }
        }
    }

    @Test func `a session that the server has closed meanwhile is not an outage`() async throws {
        let server = try await StandIn("smtp-server.py", ["starttls"])
        try await Self.with(server, connections: 1) { client in
            for round in 1...5 {
                let answer = try await Self.send(client, to: "bye@example.com")
                guard case .accepted = answer else {
                    Issue.record("round \(round): \(answer)")
                    return
                }
                // The server hangs up right after; both moments are met, before and after it is noticed.
                if round.isMultiple(of: 2) { try await Task.sleep(for: .milliseconds(100)) }
            }
            #expect(try server.files("mail", ".eml").count == 5)
        }
    }

    @Test func `lines that are dots arrive as they were sent`() async throws {
        let server = try await StandIn("smtp-server.py", ["starttls"])
        try await Self.with(server) { client in
            var sent: [Data] = []
            for round in 0..<40 {
                let words = ["\r\n", ".", "..", "\r\n.\r\n", "a", "\r\n..\r\n", "\r\n.a"]
                let size = round < 30 ? 40 : 40_000
                let body = (0..<size).map { _ in words.randomElement() ?? "" }.joined()
                let content = Array((round.isMultiple(of: 2) ? body : "Subject: x\r\n\r\n\(body)").utf8) + [13, 10]
                guard case .accepted = try await Self.send(client, content) else {
                    Issue.record("not taken")
                    return
                }
                sent.append(Data(content))
            }
            #expect(try server.files("mail", ".eml") == sent)
        }
    }

    @Test func `a server that does not answer is given up in time, and a cancelled mail at once`() async throws {
        let server = try await StandIn("smtp-server.py", ["starttls"])
        try await Self.with(server, timeout: .seconds(1)) { client in
            let late = try await Self.expectInterrupted(client, to: "slow@example.com")
            #expect(late?.code == .timeout)
        }
        try await Self.with(server) { client in
            let start = ContinuousClock.now
            let task = Task { try await Self.send(client, to: "slow@example.com") }
            try await eventually("the session begins") { server.count("sessions") >= 2 }
            task.cancel()
            guard case .unavailable(let error) = try await task.value else {
                Issue.record("answered")
                return
            }
            #expect(error.code == .cancelled)
            #expect(.now - start < .seconds(10))
        }
    }

    @Test func `mails do not wait for each other's answers, and a cancelled one not for its own`() async throws {
        let server = try await StandIn("smtp-server.py", ["starttls"])
        try await Self.with(server) { client in
            let start = ContinuousClock.now
            try await withThrowingTaskGroup { group in
                for _ in 0..<4 {
                    group.addTask {
                        guard case .accepted = try await Self.send(client, to: "think@example.com") else {
                            throw TestSetupError(description: "not taken")
                        }
                    }
                }
                try await group.waitForAll()
            }
            // Each is thought about for two seconds.
            #expect(.now - start < .seconds(6))
            let tasks = (0..<6).map { _ in Task { try await Self.send(client, to: "think@example.com") } }
            try await eventually("four are being thought about") { server.count("thoughts") == 8 }
            let cancelled = ContinuousClock.now
            for task in tasks { task.cancel() }
            for task in tasks {
                guard case .unavailable(let error) = try await task.value else {
                    Issue.record("answered")
                    return
                }
                #expect(error.code == .cancelled)
            }
            #expect(.now - cancelled < .seconds(1))
        }
    }

    @Test func `a mail that no session gets to in time is neither sent nor lost, and the server not out`() async throws
    {
        let server = try await StandIn("smtp-server.py", ["starttls"])
        try await Self.with(server, connections: 1, queueTimeout: .milliseconds(200)) { client in
            let first = Task { try await Self.send(client, to: "think@example.com") }
            try await eventually("the first is being thought about") { server.count("thoughts") == 1 }
            #expect(try await Self.send(client) == .busy)
            guard case .accepted = try await first.value else {
                Issue.record("not taken")
                return
            }
            guard case .accepted = try await Self.send(client) else {
                Issue.record("not taken afterwards")
                return
            }
        }
    }

    @Test func `a client that is closed waits neither for answers nor in line`() async throws {
        let server = try await StandIn("smtp-server.py", ["starttls"])
        var tasks: [Task<SMTPResult, any Error>] = []
        try await Self.with(server, connections: 2) { client in
            tasks = (0..<6).map { _ in Task { try await Self.send(client, to: "slow@example.com") } }
            try await eventually("two have begun") { server.count("sessions") == 2 }
        }
        for task in tasks {
            guard case .unavailable(let error) = try await task.value else {
                Issue.record("answered")
                return
            }
            #expect(error.code == .closed)
        }
    }

    @Test func `an engine whose server has fallen silent is closed all the same`() async throws {
        let server = try await StandIn("smtp-server.py", ["starttls"])
        let clock = ContinuousClock()
        var closing = clock.now
        try await Self.with(server) { client in
            guard case .accepted = try await Self.send(client) else {
                Issue.record("not taken")
                return
            }
            server.suspend()
            closing = clock.now
        }
        #expect(clock.now - closing < .seconds(8))
        try await server.stop()
    }

    @Test func `a server may think about a whole mail for longer than about a command`() async throws {
        let server = try await StandIn("smtp-server.py", ["starttls"])
        try await Self.with(server, timeout: .seconds(1)) { client in
            guard case .accepted = try await Self.send(client, to: "think@example.com") else {
                Issue.record("given up")
                return
            }
        }
    }

    @Test func `nobody at the port is a failure to connect`() async throws {
        let server = try await StandIn("smtp-server.py", ["starttls"])
        try await server.stop()
        try await Self.with(server) { client in try await Self.expectOut(client, .connect) }
    }

    @discardableResult
    private static func expectOut(
        _ client: SMTPClient,
        _ code: OutboundError.Code,
        to recipient: String = "guest@example.com"
    ) async throws -> OutboundError? {
        let answer = try await send(client, to: recipient)
        guard case .unavailable(let error) = answer else {
            Issue.record("answered: \(answer)")
            return nil
        }
        #expect(error.code == code)
        return error
    }

    @discardableResult
    private static func expectInterrupted(
        _ client: SMTPClient,
        to recipient: String,
        mayHaveArrived: Bool = false
    ) async throws -> OutboundError? {
        let answer = try await send(client, to: recipient)
        guard case .interrupted(let error, let mayHave) = answer else {
            Issue.record("answered: \(answer)")
            return nil
        }
        #expect(mayHave == mayHaveArrived)
        return error
    }
}
