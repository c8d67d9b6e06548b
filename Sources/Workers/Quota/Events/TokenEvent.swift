package import FlotillaModels

/// `token.purchased`, `token.used` and `token.allocated`: a company's tokens come and go.
///
/// ```json
/// {"customerId": "c-1", "tokens": 50, "purchaseId": "po-7", "timestamp": "2026-01-30T03:00:00Z"}
/// ```
/// The number is `tokens`, `tokenCount`, `quantity` or `amount`, in this order: what was paid may be called `amount` too.
package struct TokenEvent: Decodable, WholeBody, Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case purchased, used
        /// Given without payment.
        case allocated

        package var event: String { "token.\(rawValue)" }
        /// Whether it takes tokens away.
        package var isUse: Bool { self == .used }
    }

    /// The most that one event may bring or take.
    package static let most: Int64 = 1_000_000_000_000

    package var companyID: String
    package var tokens: Int64?
    /// The id of the purchase, use or allocation, by which it counts once, however many messages report it.
    package var reference: String?
    /// Microseconds since 1970.
    package var occurredAt: Int64?

    package init(companyID: String, tokens: Int64?, reference: String? = nil, occurredAt: Int64? = nil) {
        self.companyID = companyID
        self.tokens = tokens
        self.reference = reference
        self.occurredAt = occurredAt
    }

    package init(body: [UInt8]) throws(InvalidPayload) {
        let fields = try EventFields(body)
        companyID = try fields.requiredIdentifier("companyId", "company_id", "customerId", "customer_id")
        tokens = try fields.integer(
            "tokens",
            "tokenCount",
            "token_count",
            "quantity",
            "amount",
            in: 1...Self.most
        )
        reference = try fields.identifier(
            "purchaseId",
            "purchase_id",
            "usageId",
            "usage_id",
            "allocationId",
            "allocation_id",
            "transactionId",
            "transaction_id",
            "paymentId",
            "payment_id"
        )
        occurredAt = try fields.time("occurredAt", "occurred_at", "timestamp")
    }
    /// How many tokens come or go; a use without a number is of one.
    package func number(_ kind: Kind) throws(InvalidPayload) -> Int64 {
        guard let tokens = tokens ?? (kind.isUse ? 1 : nil) else {
            throw InvalidPayload(field: "tokens", problem: "missing")
        }
        return tokens
    }
}
