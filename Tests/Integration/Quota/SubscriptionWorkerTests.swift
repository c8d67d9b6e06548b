import FlotillaModels
import FlotillaModules
@testable import FlotillaQuota
import FlotillaStorage
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct SubscriptionWorkerTests {
    func notice(
        _ id: String,
        _ kind: SubscriptionNotice.Kind,
        _ fields: String = "",
        at time: String,
        subscription: String = "x",
        company: String = "acme"
    ) -> HandlerHarness.Input {
        let rest = fields.isEmpty ? "" : "," + fields
        let body = #"""
            {"subscriptionId":"\#(subscription)","customerId":"\#(company)","timestamp":"\#(time)"\#(rest)}
            """#
        return HandlerHarness.Input(id, kind.rawValue, body)
    }

    @Test func `the course of a subscription that a service keeps`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = QuotaFixture(database)
            let created = notice("1", .created, #""plan":"pro""#, at: "2026-01-10T00:00:00Z")
            for _ in 0..<2 { #expect(await fixture.notices(.created).handle([created]).areDone) }
            #expect(try await fixture.subscriptions() == ["x pro created"])
            let begun = #""status":"active","periodEnd":"2026-02-10""#
            let active = notice("2", .updated, begun, at: "2026-01-10T00:01:00Z")
            #expect(await fixture.notices(.updated).handle([active]).areDone)
            #expect(try await fixture.subscriptions() == ["x pro active 2026-02-10"])
            await fixture.views().handle((0..<3).map { QuotaWorkerTests.view("v-\($0)", at: "2026-01-11T00:00:00Z") })
            #expect(try await fixture.quotas() == ["acme pro profile_views 3+0"])
            let renewed = notice("3", .renewed, #""periodEnd":"2026-03-10""#, at: "2026-02-10T00:00:00Z")
            #expect(await fixture.notices(.renewed).handle([renewed]).areDone)
            #expect(try await fixture.subscriptions() == ["x pro active 2026-03-10"])
            let cancelled = notice("4", .cancelled, at: "2026-02-20T00:00:00Z")
            #expect(await fixture.notices(.cancelled).handle([cancelled]).areDone)
            #expect(try await fixture.subscriptions() == ["x pro active at end 2026-03-10"])
            let atOnce = notice("5", .cancelled, #""immediate":true"#, at: "2026-02-21T00:00:00Z")
            #expect(await fixture.notices(.cancelled).handle([atOnce]).areDone)
            #expect(try await fixture.subscriptions() == ["x pro cancelled 2026-02-21"])
            // From then on the company is on the plan of everybody.
            await fixture.views().handle([QuotaWorkerTests.view("after", at: "2026-02-22T00:00:00Z")])
            #expect(
                try await fixture.quotas() == ["acme freemium profile_views 1+0", "acme pro profile_views 3+0"]
            )
            #expect(try await fixture.published() == ["subscription.activated"])
            #expect(try await database.count("SELECT count(*) FROM quotas WHERE period_end = '2026-02-21Z'") == 2)
        }
    }

    @Test func `an event that the fleet published is not taken for a command`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = QuotaFixture(database)
            for (id, day) in [("1", "2026-01-10"), ("2", "2026-02-08")] {
                let payment = QuotaWorkerTests.payment(id, "acme", "pro", at: "\(day)T00:00:00Z")
                #expect(await fixture.payments().handle([payment]).areDone)
            }
            _ = try await fixture.scheduler("2026-03-10T00:00:00Z").pass()
            let before = try await fixture.subscriptions()
            let outgoing = try await database.pool.query(
                SQLStatement("SELECT routing_key, convert_from(body, 'UTF8') FROM outbox ORDER BY id")
            ).map { ($0.text(0) ?? "", $0.text(1) ?? "") }
            let names = ["subscription.activated", "subscription.renewed", "subscription.expired"]
            #expect(outgoing.map(\.0) == names)
            for (name, body) in outgoing.dropFirst() {
                let kind = try #require(SubscriptionNotice.Kind(rawValue: name))
                // As it is, and as somebody else might pass it on.
                let foreign = body.replacing(#""service":"flotilla""#, with: #""service":"customer-service""#)
                #expect(foreign != body)
                for (number, text) in [body, foreign].enumerated() {
                    let input = HandlerHarness.Input("\(name)-\(number)", name, text)
                    #expect(await fixture.notices(kind).handle([input]).areDone)
                }
            }
            #expect(try await fixture.subscriptions() == before)
            #expect(try await database.count("SELECT count(*) FROM subscription_periods") == 2)
            #expect(try await fixture.published() == names.sorted())
        }
    }

    @Test func `a notice before the one that makes the subscription fails alone, and is tried again`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = QuotaFixture(database)
            let inputs = (0..<5).map {
                notice("\($0)", .cancelled, at: "2026-01-20T00:00:00Z", subscription: "s\($0)")
            }
            for number in [0, 1, 3, 4] {
                let created = notice(
                    "c\(number)",
                    .created,
                    #""plan":"pro""#,
                    at: "2026-01-10T00:00:00Z",
                    subscription: "s\(number)"
                )
                #expect(await fixture.notices(.created).handle([created]).areDone)
            }
            let outcomes = await fixture.notices(.cancelled).handle(inputs)
            #expect(outcomes.indices.filter { !outcomes[$0].isDone } == [2])
            #expect(throws: UnknownSubscription.self) { try outcomes[2].get() }
            #expect(try await database.count("SELECT count(*) FROM inbox WHERE message_id = '2'") == 0)
        }
    }

    @Test func `payments and notices about one company in concurrent batches leave one active subscription`()
        async throws
    {
        try await TestDatabase.with(size: 12, migrated: true) { database async throws in
            let fixture = QuotaFixture(database)
            await withTaskGroup { group in
                for number in 0..<40 {
                    group.addTask {
                        let day = "2026-01-\(number % 20 + 10)T00:00:00Z"
                        let id = "s\(number % 4)"
                        switch number % 4 {
                        case 0:
                            let payment = QuotaWorkerTests.payment("\(number)", "acme", "pro", at: day)
                            #expect(await fixture.payments().handle([payment]).areDone)
                        case 1:
                            let created = notice(
                                "\(number)",
                                .created,
                                #""plan":"pro","status":"active""#,
                                at: day,
                                subscription: id
                            )
                            #expect(await fixture.notices(.created).handle([created]).areDone)
                        case 2:
                            let renewed = notice(
                                "\(number)",
                                .renewed,
                                #""plan":"pro","periodEnd":"2026-0\#(number % 7 + 3)-01""#,
                                at: day,
                                subscription: id
                            )
                            #expect(await fixture.notices(.renewed).handle([renewed]).areDone)
                        default: _ = try? await fixture.scheduler(day).pass()
                        }
                    }
                }
            }
            #expect(try await database.count("SELECT count(*) FROM subscriptions WHERE status = 'active'") == 1)
            let overlapping = """
                SELECT count(*) FROM subscription_periods AS a JOIN subscription_periods AS b USING (company_id)
                WHERE a.period_start < b.period_start AND a.period_end > b.period_start
                """
            #expect(try await database.count(overlapping) == 0)
        }
    }

    @Test func `a payment at the begin of a month takes over what was used in it, and the history stays true`()
        async throws
    {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = QuotaFixture(database)
            await fixture.views().handle((0..<130).map { QuotaWorkerTests.view("v-\($0)", at: "2026-02-02T00:00:00Z") })
            #expect(try await fixture.quotas() == ["acme freemium profile_views 100+30"])
            let payment = QuotaWorkerTests.payment("1", "acme", "pro", at: "2026-02-01T00:00:00Z")
            #expect(await fixture.payments().handle([payment]).areDone)
            #expect(try await fixture.quotas() == ["acme pro profile_views 130+0"])
            #expect(try await fixture.unbalanced() == 0)
        }
    }

    @Test func `the first and the last moment of a paid period`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = QuotaFixture(database)
            let payment = QuotaWorkerTests.payment("1", "acme", "pro", at: "2026-01-10T12:00:00Z")
            #expect(await fixture.payments().handle([payment]).areDone)
            let moments = [
                "2026-01-10T11:59:59.999999Z", "2026-01-10T12:00:00Z", "2026-02-10T11:59:59.999999Z",
                "2026-02-10T12:00:00Z",
            ]
            await fixture.views().handle(moments.enumerated().map { QuotaWorkerTests.view("v-\($0)", at: $1) })
            let quotas = ["acme freemium profile_views 1+0", "acme freemium profile_views 1+0"]
            #expect(try await fixture.quotas() == quotas + ["acme pro profile_views 2+0"])
            for (moment, plan) in zip(moments, ["freemium", "pro", "pro", "freemium"]) {
                let time = try #require(EventTime.parse(moment))
                let reader = QuotaReader(database.pool, cache: nil, now: { time })
                let status = try await reader.check(company: "acme", kind: .profileViews).status
                #expect(status.plan == plan, "\(moment)")
                #expect(status.periodStart <= time && time < status.periodEnd)
            }
        }
    }

    @Test func `renewals keep the day of the month, payment by payment`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = QuotaFixture(database)
            let days = ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
            for (day, end) in zip(days, days.dropFirst() + ["2026-05-31"]) {
                let payment = QuotaWorkerTests.payment(day, "acme", "pro", at: "\(day)T12:00:00Z")
                #expect(await fixture.payments().handle([payment]).areDone)
                let ends = try await fixture.subscriptions().map { $0.suffix(10) }
                #expect(ends == [end[...]], "\(day)")
            }
        }
    }

    @Test func `subscriptions from before the anchor days get the day of their first period`() async throws {
        let schema = try FleetProgram.schema()
        let before = schema.map { module in
            SchemaModule(module.name, module.migrations.filter { module.name != "quota" || $0.number < 3 })
        }
        try await TestDatabase.with(schema: before) { database async throws in
            let rows =
                [
                    // Lost three days to February; was moved by a service; was paid early; paused; changed its plan.
                    ("drifted", "active", [("01-31", "02-28", "pro"), ("02-28", "03-28", "pro")], 31),
                    ("moved", "active", [("01-31", "02-28", "pro"), ("02-28", "04-15", "pro")], 15),
                    ("early", "active", [("01-30", "02-10", "pro"), ("02-10", "03-28", "pro")], 30),
                    ("paused", "active", [("01-31", "02-28", "pro"), ("03-29", "04-29", "pro")], 29),
                    ("changed", "active", [("01-31", "02-20", "pro"), ("02-20", "03-20", "enterprise")], 20),
                    ("waiting", "created", [], nil),
                ] as [(String, String, [(String, String, String)], Int?)]
            for (id, status, periods, _) in rows {
                let last = periods.last
                _ = try await database.pool.query(
                    SQLStatement(
                        """
                        INSERT INTO subscriptions (id, company_id, plan, status, period_start, period_end, told_at)
                        VALUES ($1, $1, $2, $3, $4::timestamptz, $5::timestamptz, '2026-01-01Z')
                        """,
                        [
                            .text(id), .text(last?.2 ?? "pro"), .text(status),
                            last.map { .text("2026-\($0.0)Z") } ?? .null, last.map { .text("2026-\($0.1)Z") } ?? .null,
                        ]
                    )
                )
                for (start, end, plan) in periods {
                    _ = try await database.pool.query(
                        SQLStatement(
                            """
                            INSERT INTO subscription_periods
                                (company_id, subscription_id, plan, payment_id, period_start, period_end)
                            VALUES ($1, $1, $2, $1 || $3, $3::timestamptz, $4::timestamptz)
                            """,
                            [.text(id), .text(plan), .text("2026-\(start)Z"), .text("2026-\(end)Z")]
                        )
                    )
                }
            }
            _ = try await Migrations.apply(to: database.pool, schema)
            let found = try await database.pool.query(SQLStatement("SELECT id, anchor_day FROM subscriptions"))
            let days = Dictionary(uniqueKeysWithValues: found.map { ($0.text(0) ?? "", $0.int(1).map { Int($0) }) })
            #expect(days == Dictionary(uniqueKeysWithValues: rows.map { ($0.0, $0.3) }))
            let fixture = QuotaFixture(database)
            let payment = QuotaWorkerTests.payment("next", "drifted", "pro", at: "2026-03-28T00:00:00Z")
            #expect(await fixture.payments().handle([payment]).areDone)
            #expect(try await fixture.subscriptions().contains("drifted pro active 2026-04-30"))
        }
    }

    @Test func `each kind has its quota, its warning and its end`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = QuotaFixture(database)
            let inputs = (0..<502).map { number in
                HandlerHarness.Input(
                    "s-\(number)",
                    "search.performed",
                    #"{"companyId":"acme","timestamp":"2026-01-11T00:00:00Z"}"#
                )
            }
            let nobody = HandlerHarness.Input("n", "search.performed", #"{"userId":"admin"}"#)
            for _ in 0..<2 { #expect(await fixture.searches().handle(inputs + [nobody]).areDone) }
            await fixture.views().handle((0..<80).map { QuotaWorkerTests.view("v-\($0)", at: "2026-01-11T00:00:00Z") })
            let quotas = ["acme freemium profile_views 80+0", "acme freemium searches 500+2"]
            #expect(try await fixture.quotas() == quotas)
            #expect(try await fixture.published() == ["quota.exceeded", "quota.warning", "quota.warning"])
            #expect(try await database.count("SELECT count(DISTINCT properties) FROM outbox") == 3)
        }
    }
}
