import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

/// People of one company who look at profiles, each asking first whether the quota allows it.
private struct Viewers: Sendable {
    let company = TestServers.uniqueWord()
    let port: UInt16
    let key: String

    func call(_ client: RawClient, _ method: String, _ path: String, _ body: String? = nil) async throws -> Response {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nX-API-Key: \(key)\r\n"
        if let body { text += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        client.send(text + "\r\n" + (body ?? ""))
        guard let response = await client.response() else {
            throw TestSetupError(description: "no answer to \(method) \(path)")
        }
        return response
    }

    /// Looks at the profiles with these numbers; returns how often the quota allowed it.
    func view(_ numbers: some Sequence<Int>) async throws -> Int {
        let client = try RawClient(port: port)
        var allowed = 0
        for number in numbers {
            let check = try await call(
                client,
                "POST",
                "/api/v1/quotas/\(company)/check",
                #"{"kind":"profile_views"}"#
            )
            if check.body.contains("\"allowed\":true") { allowed += 1 }
            // Looking is not refused: what goes beyond the quota is overage.
            let event = try await call(
                client,
                "POST",
                "/api/v1/events",
                #"""
                {"type":"profile.viewed","id":"\#(company)-\#(number)",
                 "data":{"companyId":"\#(company)","profileId":"p\#(number)"}}
                """#
            )
            guard check.status == 200, event.status == 202 else {
                throw TestSetupError(description: "\(check.status) \(event.status): \(check.body) \(event.body)")
            }
        }
        return allowed
    }

    /// How the company stands with its profile views.
    func status() async throws -> [String: Any] {
        let response = try await call(try RawClient(port: port), "GET", "/api/v1/quotas/\(company)")
        let object = try JSONSerialization.jsonObject(with: Data(response.body.utf8)) as? [String: Any]
        let quotas = (object?["data"] as? [String: Any])?["quotas"] as? [[String: Any]] ?? []
        return quotas.first { $0["kind"] as? String == "profile_views" } ?? [:]
    }

    func numbers() async throws -> [Int?] {
        let status = try await status()
        return ["limit", "used", "remaining", "overage"].map { status[$0] as? Int }
    }
}

extension FleetFixture {
    /// Runs the API while `body` does its part; hands it the port and a key that may do everything.
    ///
    /// - Parameter options: further words of its command line.
    func withAPI(options: [String] = [], _ body: (_ port: UInt16, _ key: String) async throws -> Void) async throws {
        let key = try await home.run("key", "create", "test", "--scopes", "admin")
        let port = try FreePort.find()
        let process = try WorkerProcess(
            program: TestServers.programs.appending(path: "flotilla"),
            arguments: ["api", "--port", "\(port)"] + options,
            environment: addresses.merging(["FLOTILLA_QUEUES": Self.queuesFile]) { $1 },
            log: URL(filePath: home.path + "/api.log")
        )
        try await eventually("the API listens", within: .seconds(60), every: .milliseconds(50)) {
            guard process.isRunning else { throw TestSetupError(description: "the API has ended") }
            return (try? RawClient(port: port)) != nil
        }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(port, key.text.trimmingCharacters(in: .whitespacesAndNewlines)))
        } catch { result = .failure(error) }
        let status = try await process.stop()
        #expect(status == 0, "the API ended with \(status)")
        try result.get()
    }

    fileprivate func audited(_ event: String, of company: String) async throws -> Int {
        try await count(
            "SELECT count(*) FROM audit_logs WHERE event = $1 AND body LIKE $2",
            .text(event),
            .text("%\(company)%")
        )
    }
}

extension FleetTests {
    @Test(.timeLimit(.minutes(5)))
    func `300 viewers with a quota of 1,000 make 5,000 views, while Redis is emptied, runs full and leaves`()
        async throws
    {
        let fleet = try await FleetFixture.current()
        let redis = RedisClient(try RedisConfiguration(url: fleet.addresses["REDIS_URL"] ?? ""), name: "test")
        try await fleet.withWorkers(2) { _ in
            try await fleet.withAPI { port, key in
                let viewers = Viewers(port: port, key: key)
                let company = viewers.company
                try await fleet.publish(
                    .event("payment.succeeded", id: "\(company)-pay", #"{"companyId":"\#(company)","plan":"pro"}"#)
                )
                try await eventually("the subscription is active") {
                    try await viewers.numbers() == [1_000, 0, 1_000, 0]
                }
                let done = Progress()
                let disturbing = Task {
                    try await eventually("half of the quota is used", within: .seconds(120)) {
                        try await fleet.used(ofCompany: company) >= 500
                    }
                    _ = try await redis.command(["FLUSHALL"])
                    try await eventually("a third is done", within: .seconds(120)) { done.count >= 1_700 }
                    _ = try await redis.command(["CONFIG", "SET", "maxmemory", "1"])
                    try await eventually("two thirds are done", within: .seconds(120)) { done.count >= 3_300 }
                    _ = try await redis.command(["CONFIG", "SET", "maxmemory", "0"])
                }
                let allowed = try await withThrowingTaskGroup { group in
                    for viewer in 0..<300 {
                        group.addTask {
                            var allowed = 0
                            for number in stride(from: viewer, to: 5_000, by: 300) {
                                allowed += try await viewers.view([number])
                                done.add(1)
                            }
                            return allowed
                        }
                    }
                    return try await group.reduce(0, +)
                }
                try await disturbing.value
                try await eventually("every view is counted", within: .seconds(60)) {
                    try await fleet.used(ofCompany: company) == 5_000
                }
                // Who asks is told what is counted so far, and views are counted a little later than made.
                #expect(allowed >= 1_000 && allowed < 5_000)
                try await eventually("the API shows it") {
                    try await viewers.numbers() == [1_000, 1_000, 0, 4_000]
                }
                let history = """
                    SELECT count(*) FROM quotas JOIN (
                        SELECT company_id, sum(used) AS used, sum(overage) AS overage FROM quota_usage
                        WHERE kind = 'profile_views' GROUP BY company_id
                    ) AS history USING (company_id, used, overage)
                    WHERE company_id = $1 AND kind = 'profile_views' AND used = 1000 AND overage = 4000
                    """
                #expect(try await fleet.count(history, .text(company)) == 1)
                for event in ["quota.warning", "quota.exceeded"] {
                    try await eventually("\(event) is published") { try await fleet.audited(event, of: company) >= 1 }
                    #expect(try await fleet.audited(event, of: company) == 1)
                }
                try await eventually("every view is audited", within: .seconds(60)) {
                    try await fleet.audited("profile.viewed", of: company) == 5_000
                }
                try await fleet.home.succeed("services", "stop", "--only", "redis")
                #expect(try await viewers.numbers() == [1_000, 1_000, 0, 4_000])
                #expect(try await viewers.status()["source"] as? String == "postgres")
            }
        }
        await redis.close()
        try await fleet.home.succeed("services", "start", "--only", "redis")
        try await fleet.expectNothingWaits()
    }

    @Test(.timeLimit(.minutes(5)))
    func `what has run out is ended once by two processes, and its event is not taken for a command`()
        async throws
    {
        let fleet = try await FleetFixture.current()
        let word = TestServers.uniqueWord()
        try await fleet.withWorkers(2) { _ in
            // Paid so long ago that the period has been over for long.
            for number in 0..<20 {
                let body = #"{"companyId":"\#(word)-\#(number)","plan":"pro","paidAt":"2026-01-10T00:00:00Z"}"#
                try await fleet.publish(.event("payment.succeeded", id: "\(word)-\(number)", body))
            }
            try await eventually("all have ended, and everybody has heard of it", within: .seconds(90)) {
                try await fleet.audited("subscription.expired", of: word) >= 20
            }
            try await eventually("the workers have heard of it too", within: .seconds(30)) {
                try await fleet.ready("subscription.subscription.expired") == 0
            }
        }
        #expect(try await fleet.audited("subscription.expired", of: word) == 20)
        #expect(
            try await fleet.count(
                "SELECT count(*) FROM subscriptions WHERE company_id LIKE $1 AND status = 'expired'",
                .text(word + "-%")
            ) == 20
        )
        #expect(try await fleet.ready("dlq.subscription.subscription.expired") == 0)
    }
}
