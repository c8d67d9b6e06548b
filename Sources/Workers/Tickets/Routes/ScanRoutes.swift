package import FlotillaHTTPRouting

/// `/api/v1/scans`: the scanning of tickets. The paths without a version are those of older callers.
package struct ScanRoutes: Sendable {
    private enum Body {
        static let code = Field.required("qrCodeData", .code, "What the QR code says, as it was scanned.")
        static let eventID = Field.required(
            "eventId",
            .identifier(longest: TicketToken.longestID),
            "The event that takes place here."
        )
        static let operatorID = Field.required("operatorId", .identifier(longest: 255), "Who scans.")
        static let location = Field.required("location", .string(), "Where: a door or a gate.")
        static let fields: Fields = [code, eventID, operatorID, location]
    }

    private static let idempotencyKey = IdempotencyHeader.field("Repeats get the same answer, and count once.")
    private static let traceParent = Field.optional("traceparent", .string(length: 1...255), "W3C Trace Context.")

    private let scanner: TicketScanner

    package init(_ scanner: TicketScanner) { self.scanner = scanner }

    package var routes: [Route] {
        ["/api/v1/scans", "/api/scans"].map { base in
            Route(
                "POST",
                "\(base)/validate",
                access: .scope(.scan),
                summary:
                    "Look at a ticket at the door, and let its guest in once. A refusal is an answer too, not an error.",
                body: Body.fields,
                examples: [
                    (
                        "scan",
                        #"{"qrCodeData":"FT1.example","eventId":456,"operatorId":"op-1","location":"North gate"}"#
                    )
                ],
                headers: [Self.idempotencyKey, Self.traceParent],
                holdsSecrets: true,
                answers: [
                    .of(200, "Whether the ticket is valid, and if not, why.", Schemas.scan),
                    .of(409, "The first request with the idempotency key is not answered yet."),
                    .of(422, "The request has mistakes, or its idempotency key belongs to another one."),
                ],
                handler: validate
            )
        }
    }

    private func validate(_ call: Call) async throws -> HTTPResponse {
        var request = ScanRequest(
            code: call.body.required(Body.code),
            eventID: call.body.required(Body.eventID),
            operatorID: call.body.required(Body.operatorID),
            location: call.body.required(Body.location)
        )
        request.correlationID = call.correlationID
        request.traceParent = call.headers[Self.traceParent]
        request.createdBy = call.principal?.name
        request.key = call.idempotencyKey
        switch try await scanner.scan(request) {
        case .decided(_, let json, let isRepeat):
            return Envelope.success(json, headers: IdempotencyHeader.headers(isRepeat: isRepeat))
        case .conflict: throw APIError.idempotencyKeyReused()
        }
    }
}

extension Rule where Value == String {
    /// More than any QR code holds; its text may be anything, and the scanner decides what it is.
    fileprivate static var code: Self {
        let longest = 8_192
        let check: @Sendable (String) throws(RuleProblem) -> String = { text throws(RuleProblem) in
            guard (1...longest).contains(text.utf8.count) else {
                throw RuleProblem("has to be 1 to \(longest) bytes long")
            }
            return text
        }
        return Rule(
            schema: #"{"type":"string","minLength":1,"maxLength":\#(longest)}"#,
            read: { member throws(RuleProblem) in try check(member.string()) },
            readText: check
        )
    }
}
