package import FlotillaHTTPRouting
import FlotillaModules
import FlotillaPlatform
package import FlotillaQuota
package import FlotillaStorage

/// `/api/v1/profiles/{id}/view`: look at a profile on behalf of a company.
package struct ProfileRoutes: Sendable {
    private enum Body {
        static let companyID = Field.required("companyId", .string(), "For which company; its quota counts the view.")
        static let viewerID = Field.optional("viewerId", .string(), "Who looks.")
        static let fields: Fields = [companyID, viewerID]
    }

    private static let idempotencyKey = Field.optional(
        "Idempotency-Key",
        .string(length: 1...128),
        "A caller's views of one profile by one company with the same key count once."
    )

    private let profiles: ProfileRecords
    private let quotas: QuotaReader
    private let intake: EventIntake
    private let exchange: String
    private let admission: AdmissionControl

    /// - Parameter exchange: the topic exchange.
    package init(_ pool: PostgresPool, quotas: QuotaReader, exchange: String, admission: AdmissionControl) {
        profiles = ProfileRecords(pool)
        self.quotas = quotas
        intake = EventIntake(pool)
        self.exchange = exchange
        self.admission = admission
    }

    package var routes: [Route] {
        [
            Route(
                "POST",
                "/api/v1/profiles/{id}/view",
                access: .scope(.view),
                summary:
                    "Look at a profile. The company's quota is checked first, and counts the view. Names and addresses are "
                    + "shown with read:personal.",
                body: Body.fields,
                examples: [("view", #"{"companyId":"c-1","viewerId":"u-1"}"#)],
                headers: [Self.idempotencyKey],
                holdsSecrets: true,
                answers: [
                    .of(200, "The profile, and the quota as it was before.", SearchSchemas.view),
                    .of(403, "The key lacks the scope, or the company's plan has no profile views."),
                    .of(404, "There is no such profile, or it can't be seen."),
                ],
                handler: view
            )
        ]
    }

    private func view(_ call: Call) async throws -> HTTPResponse {
        let id = call.parameter("id")
        guard id.utf8.count <= 255 else {
            throw APIError.invalid([.init(field: "id", message: "has to be 1 to 255 bytes long")])
        }
        let companyID = call.body.required(Body.companyID)
        let now = WallClock.microseconds()
        let quota = try await quotas.check(company: companyID, kind: .profileViews).status
        guard !quota.isForbidden else {
            throw APIError(
                status: 403,
                code: "not_in_plan",
                message: "The plan \(quota.plan) of this company has no profile views."
            )
        }
        guard let profile = try await profiles.visible(id) else { throw APIError.notFound("such profile") }
        try admission.check()
        var body = JSONObject()
        body.add("profileId", profile.profileID)
        body.add("companyId", companyID)
        body.add("viewerId", call.body[Body.viewerID])
        body.add("occurredAt", WallClock.iso8601(now))
        try await intake.publish(
            .event(
                ProfileViewed.event,
                body.closed,
                id: messageID(call, profile.profileID, companyID),
                of: call,
                exchange: exchange
            )
        )
        var data = JSONObject()
        data.add("profile", json: try profile.json(isFull: call.mask.isOff))
        data.add("quota", json: quota.json)
        return Envelope.success(data.closed)
    }

    private func messageID(_ call: Call, _ profileID: String, _ companyID: String) -> String {
        guard let key = call.headers[Self.idempotencyKey] else { return UUIDv7.make() }
        let parts = [call.caller, profileID, companyID, key].map { "\($0.utf8.count):\($0)" }.joined()
        return "view-" + SHA256.digest(parts).prefix(16).hexadecimal
    }
}

extension QuotaStatus {
    fileprivate var json: String {
        var object = JSONObject()
        object.add("plan", plan)
        object.add("limit", json: limit.map { "\($0)" } ?? "null")
        object.add("used", Int(used))
        object.add("overage", Int(overage))
        object.add("remaining", json: remaining.map { "\($0)" } ?? "null")
        object.add("isExhausted", isExhausted)
        return object.closed
    }
}
