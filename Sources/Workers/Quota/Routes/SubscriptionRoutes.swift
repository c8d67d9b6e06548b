package import FlotillaHTTPRouting
import FlotillaPlatform
package import FlotillaStorage

/// `/api/v1/subscriptions`: what companies have subscribed to.
package struct SubscriptionRoutes: Sendable {
    private let reader: SubscriptionReader

    package init(_ pool: PostgresPool) { reader = SubscriptionReader(pool) }

    package var routes: [Route] {
        [
            Route(
                "GET",
                "/api/v1/subscriptions/{company}",
                access: .scope(.read),
                summary: "A company's plan, and its subscriptions: the active one first, then the newest.",
                answers: [.of(200, "The plan that holds now, and the subscriptions.", Schemas.subscriptions)],
                handler: get
            )
        ]
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        let company = try call.company()
        let (plan, subscriptions) = try await reader.read(company)
        var data = JSONObject()
        data.add("companyId", company)
        data.add("plan", plan)
        data.add("subscriptions", jsons: subscriptions.map(\.json))
        return Envelope.success(data.closed)
    }
}

extension SubscriptionRecord {
    fileprivate var json: String {
        var object = JSONObject()
        object.add("id", id)
        object.add("plan", plan)
        object.add("status", status.rawValue)
        object.add("periodStart", periodStart.map { WallClock.iso8601($0) })
        object.add("periodEnd", periodEnd.map { WallClock.iso8601($0) })
        object.add("cancelsAtPeriodEnd", cancelsAtEnd)
        object.add("createdAt", WallClock.iso8601(createdAt))
        object.add("endedAt", endedAt.map { WallClock.iso8601($0) })
        return object.closed
    }
}
