package import FlotillaOutbound
import FlotillaPlatform

/// Makes the requests.
package struct WebhookSender: Sendable {
    /// For the whole exchange, from the look-up of the name to the last byte of the answer.
    package static let usualLimit = Duration.seconds(15)
    /// Read of an answer, so that a usual one leaves its connection open for the next; what is longer is cut.
    private static let answerLimit = 16 << 10

    private let client: HTTPClient
    private let limit: Duration
    let access: WebhookAccess

    /// - Parameters:
    ///   - engine: who makes the sender closes it.
    ///   - limit: for one exchange.
    package init(_ engine: TransferEngine, access: WebhookAccess, limit: Duration = usualLimit) {
        client = HTTPClient(engine)
        self.access = access
        self.limit = limit
    }

    /// An engine that gives no host more connections than deliveries may use.
    package static func engine() -> TransferEngine {
        TransferEngine(name: "webhooks", connectionsPerServer: EndpointLimiters.slotsPerHost)
    }

    func send(_ message: WebhookMessage, to url: EndpointURL, secrets: [WebhookSecret]) async -> WebhookAttemptResult {
        let now = WallClock.microseconds()
        let start = ContinuousClock.now
        var headers = WebhookSignature.headers(
            id: message.id,
            seconds: now / 1_000_000,
            body: message.body,
            secrets: secrets
        ).map { HTTPRequest.Header($0.name, $0.value) }
        headers.append(.init("Content-Type", "application/json"))
        if let id = message.correlationID, id.isPlain { headers.append(.init("X-Correlation-ID", id)) }
        if let trace = message.traceParent, trace.isPlain { headers.append(.init("traceparent", trace)) }
        let request = HTTPRequest(
            "POST",
            url.text,
            headers: headers,
            body: message.body,
            timeout: limit,
            answerLimit: Self.answerLimit,
            cutsLongAnswers: true,
            addressCheck: access.addressCheck(for: url)
        )
        let result: Result<HTTPClientResponse, OutboundError>
        do throws(OutboundError) { result = .success(try await client.send(request)) } catch {
            result = .failure(error)
        }
        return WebhookAttemptResult(startedAt: now, took: .now - start, result)
    }
}

extension String {
    /// Fit for a header as it is.
    fileprivate var isPlain: Bool { (1...255).contains(utf8.count) && utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } }
}
