import CFlotillaCurl

/// Gives mails to a server, over sessions that are kept for the next mails.
package struct SMTPClient: Sendable {
    private let sessions: SMTPSessions
    private let configuration: SMTPConfiguration

    /// Connects when something is sent. Whoever makes it calls ``close()`` in the end.
    ///
    /// - Parameters:
    ///   - connections: sessions at most; as many mails are sent at a time, and the others wait in line.
    ///   - queueTimeout: how long one waits in line; see ``SMTPResult/busy``.
    package init(_ configuration: SMTPConfiguration, connections: Int = 4, queueTimeout: Duration = .seconds(20)) {
        self.configuration = configuration
        sessions = SMTPSessions(limit: connections, queueTimeout: queueTimeout)
    }

    /// Aborts what is being sent, closes the sessions with QUIT, and ends the threads.
    package func close() async { await sessions.close() }

    /// Sends a mail that is written already.
    ///
    /// A session that the server has closed or forgotten meanwhile is no outage: the mail goes out over a fresh one.
    ///
    /// - Parameters:
    ///   - content: by RFC 5322, with CRLF; dots at the starts of lines are taken care of.
    ///   - sender: where bounces go.
    package func send(_ content: [UInt8], from sender: MailAddress, to recipient: MailAddress) async -> SMTPResult {
        let kind = TransferPlan.Kind.mail(sender: sender.ascii, recipients: [recipient.ascii], content: content)
        var plan = plan(kind)
        var report = await sessions.perform(plan)
        if report.reusedConnection, report.code != CURLE_OK, !report.sentEverything, report.isOverBeforeItBegan {
            plan.needsFreshConnection = true
            report = await sessions.perform(plan)
        }
        return answer(to: report)
    }

    /// Whether the server lets us in. No mail is sent.
    ///
    /// - Throws: why it does not.
    package func probe() async throws(OutboundError) {
        var plan = plan(.mailProbe)
        plan.needsFreshConnection = true
        let report = await sessions.perform(plan)
        if let error = OutboundError(report, operation: operation) { throw error.quoting(report.lastReply) }
    }

    private var operation: String { "send mail by \(configuration.place)" }

    private func plan(_ kind: TransferPlan.Kind) -> TransferPlan {
        var plan = TransferPlan(
            kind: kind,
            url: configuration.transferURL,
            protocols: configuration.encryption == .implicit ? "smtps" : "smtp",
            server: configuration.place
        )
        plan.user = configuration.user
        plan.password = configuration.password
        plan.requiresStartTLS = configuration.encryption == .startTLS
        plan.authorities = configuration.authorities
        plan.connectTimeout = configuration.connectTimeout
        plan.replyTimeout = configuration.timeout
        plan.dataReplyTimeout = configuration.dataReplyTimeout
        plan.timeout = configuration.connectTimeout + configuration.timeout * 4 + configuration.dataReplyTimeout
        return plan
    }

    private func answer(to report: TransferReport) -> SMTPResult {
        let reply = report.lastReply
        guard let error = OutboundError(report, operation: operation) else {
            return .accepted(reply ?? SMTPReply(code: 250, text: ""))
        }
        if report.interruption == .busy { return .busy }
        guard report.interruption == nil, let approved = approvalsOfMail(report) else {
            return .unavailable(error.quoting(reply))
        }
        // A refused MAIL, RCPT or DATA is a failure to send for libcurl; a refusal after the content, an odd reply.
        let isAboutMail =
            report.code == CURLE_SEND_ERROR || report.code == CURLE_WEIRD_SERVER_REPLY && report.beganContent
        guard isAboutMail, let reply, reply.code >= 400, reply.code != 421 || approved == 0 else {
            return .interrupted(error.quoting(reply), mayHaveArrived: report.sentEverything && reply?.code != 421)
        }
        switch reply.code {
        case 421:
            let busy = OutboundError(code: .connectionLost, operation: operation, detail: reply.description)
            return .unavailable(busy)
        case 530, 534, 535, 538:
            let denied = OutboundError(code: .authentication, operation: operation, detail: reply.description)
            return .unavailable(denied)
        case 500...: return reply.isAboutSender(isFirst: approved == 0) ? .senderRefused(reply) : .refused(reply)
        default: return approved == 0 ? .senderDeferred(reply) : .deferred(reply)
        }
    }

    /// How often the server has said yes to this mail's commands; `nil` when it had not let us in yet.
    ///
    /// On a fresh connection come before: a yes to our arrival and one to EHLO, with STARTTLS one to that and another to
    /// EHLO, and one to the password, unless the server asks for none.
    private func approvalsOfMail(_ report: TransferReport) -> Int? {
        let approvals = SMTPReply.approvals(in: report.lines)
        if report.reusedConnection { return approvals }
        let isLoggedIn = report.lines.contains { $0.hasPrefix("235") }
        let ofMail = approvals - (configuration.encryption == .startTLS ? 4 : 2) - (isLoggedIn ? 1 : 0)
        let needsPassword = configuration.user != nil && !isLoggedIn
        return ofMail > 0 || ofMail == 0 && !needsPassword ? ofMail : nil
    }
}

extension SMTPReply {
    /// Whether a refusal means our sender's address rather than the recipient's or the content.
    ///
    /// The answer to MAIL does, unless it is about the size, which is announced there. Many servers keep it to
    /// themselves until RCPT; 5.1.7 and 5.1.8 are about the sender (RFC 3463).
    ///
    /// - Parameter isFirst: it is the answer to MAIL.
    fileprivate func isAboutSender(isFirst: Bool) -> Bool {
        if ["5.1.7", "5.1.8"].contains(enhancedStatus) { return true }
        return isFirst && ![523, 552].contains(code) && enhancedStatus != "5.3.4"
    }
}

extension TransferReport {
    var lastReply: SMTPReply? { SMTPReply(lastOf: lines) }

    /// Whether a session that was open had come to its end by itself, rather than by what was asked in it.
    fileprivate var isOverBeforeItBegan: Bool {
        guard interruption == nil else { return false }
        switch code {
        case CURLE_OPERATION_TIMEDOUT: return lines.isEmpty
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_SSL_CONNECT_ERROR, CURLE_WEIRD_SERVER_REPLY:
            return (lastReply?.code).map { $0 < 400 || $0 == 421 } ?? true
        default: return false
        }
    }
}

extension OutboundError {
    /// With the server's words, when it complained.
    fileprivate func quoting(_ reply: SMTPReply?) -> OutboundError {
        guard let reply, reply.code >= 400 else { return self }
        return OutboundError(code: code, operation: operation, detail: "\(detail): \(reply)")
    }
}
