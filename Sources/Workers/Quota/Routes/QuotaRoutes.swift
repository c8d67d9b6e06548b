package import FlotillaHTTPRouting
import FlotillaPlatform

/// `/api/v1/quotas`: how companies stand with their quotas.
package struct QuotaRoutes: Sendable {
    private enum Body {
        static let kind = Field.required("kind", .choice(QuotaKind.allCases.map(\.rawValue)), "What is to be used.")
        static let amount = Field.optional("amount", .integer(1...1_000_000_000), "How much of it; 1 unless given.")
        static let fields: Fields = [kind, amount]
    }

    private let reader: QuotaReader

    package init(_ reader: QuotaReader) { self.reader = reader }

    package var routes: [Route] {
        [
            Route(
                "GET",
                "/api/v1/quotas/{company}",
                access: .scope(.read),
                summary: "How a company stands with each of its quotas in the present period.",
                answers: [.of(200, "The status of each kind.", Schemas.quotas)],
                handler: get
            ),
            Route(
                "POST",
                "/api/v1/quotas/{company}/check",
                access: .scope(.read),
                summary: "Whether a company may use so much more without overage. Nothing is reserved.",
                body: Body.fields,
                examples: [("views", #"{"kind":"profile_views","amount":5}"#)],
                answers: [.of(200, "Whether it may, and what remains.", Schemas.quotaCheck)],
                handler: check
            ),
        ]
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        let company = try call.company()
        let statuses = try await reader.statuses(of: company)
        var data = JSONObject()
        data.add("companyId", company)
        data.add("quotas", jsons: statuses.map(\.json.closed))
        return Envelope.success(data.closed)
    }

    private func check(_ call: Call) async throws -> HTTPResponse {
        let company = try call.company()
        guard let kind = QuotaKind(rawValue: call.body.required(Body.kind)) else {
            throw APIError.invalid([.init(field: "kind", message: "is not known")])
        }
        let check = try await reader.check(
            company: company,
            kind: kind,
            amount: Int64(call.body[Body.amount] ?? 1)
        )
        var data = JSONObject()
        data.add("companyId", company)
        data.add("allowed", check.isAllowed)
        data.add("amount", Int(check.amount))
        for (name, json) in check.status.members { data.add(name, json: json) }
        return Envelope.success(data.closed)
    }
}

extension Call {
    /// The company in the path.
    func company() throws(APIError) -> String {
        let company = parameter("company")
        guard (1...255).contains(company.utf8.count), !company.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
            throw .invalid([.init(field: "company", message: "has to be 1 to 255 bytes without control characters")])
        }
        return company
    }
}

extension QuotaStatus {
    /// Its members by name, as JSON. What is unlimited has null for limit and remaining.
    fileprivate var members: [(String, String)] {
        [
            ("kind", kind.rawValue.json), ("plan", plan.json), ("periodStart", WallClock.iso8601(periodStart).json),
            ("periodEnd", WallClock.iso8601(periodEnd).json), ("limit", limit.map { String($0) } ?? "null"),
            ("used", String(used)), ("remaining", remaining.map { String($0) } ?? "null"),
            ("overage", String(overage)), ("source", source.rawValue.json),
        ]
    }

    fileprivate var json: JSONObject {
        var object = JSONObject()
        for (name, json) in members { object.add(name, json: json) }
        return object
    }
}
