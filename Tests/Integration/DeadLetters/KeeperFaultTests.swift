import FlotillaDeadLetters
import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Testing

/// What Postgres refuses is tried again, holds up nothing else, and stays in sight.
@Suite(.enabled(if: TestBroker.isAvailable && TestDatabase.isAvailable))
struct KeeperFaultTests {
    private func withKeeper(_ fixture: KeeperFixture, _ body: () async throws -> Void) async throws {
        let keeper = Keeper(
            topology: fixture.topology,
            broker: fixture.rabbit,
            store: fixture.store,
            log: Log(service: "test", threshold: .error, descriptor: -1)
        )
        let running = Task { await keeper.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        running.cancel()
        await running.value
        try result.get()
    }

    private func publish(_ fixture: KeeperFixture, _ ids: some Sequence<String>) async throws {
        try await fixture.publish(ids.map { fixture.deadLettered(fixture.message($0)) })
    }

    private func filed(_ fixture: KeeperFixture) async throws -> Int {
        try await fixture.store.count(DeadLetterFilter()).count
    }

    private func ready(_ fixture: KeeperFixture) async throws -> Int? {
        try await fixture.broker.admin.queueDepth(fixture.queue.deadLetterQueue)?.ready
    }

    /// A keeper that ends gives back what it was about to acknowledge; the next one acknowledges it.
    private func expectAllAcknowledged(_ fixture: KeeperFixture) async throws {
        try await eventually("all are acknowledged", within: .seconds(30)) {
            guard try await ready(fixture) != 0 else { return true }
            try await withKeeper(fixture) { try await Task.sleep(for: .milliseconds(300)) }
            return false
        }
    }

    @Test func `while the table is away the letters stay, and all are filed within ten seconds of its return`()
        async throws
    {
        try await KeeperFixture.with { fixture in
            let schema = fixture.database.schema
            try await fixture.database.execute("ALTER TABLE \(schema).dead_letters RENAME TO dead_letters_away")
            try await publish(fixture, (0..<60).map { "m\($0)" })
            try await withKeeper(fixture) {
                try await eventually("the keeper has its fill") { try await ready(fixture) == 40 }
                // Long enough for waits to grow to the longest.
                try await Task.sleep(for: .seconds(7))
                try await fixture.database.execute("ALTER TABLE \(schema).dead_letters_away RENAME TO dead_letters")
                // Ten on a machine that does nothing else.
                try await eventually("all are filed", within: .seconds(40)) { try await filed(fixture) == 60 }
                try await publish(fixture, (60..<70).map { "m\($0)" })
                try await eventually("later ones are filed") { try await filed(fixture) == 70 }
            }
            try await expectAllAcknowledged(fixture)
            #expect(try await filed(fixture) == 70)
        }
    }

    @Test func `letters that a constraint refuses hold no neighbour, stay in sight, and are filed once it is gone`()
        async throws
    {
        try await KeeperFixture.with { fixture in
            try await fixture.database.execute(
                "ALTER TABLE dead_letters ADD CONSTRAINT ck_test CHECK (message_id NOT LIKE 'bad%')"
            )
            try await withKeeper(fixture) {
                // More than the keeper is handed out at a time.
                try await publish(fixture, (0..<45).map { $0 % 3 == 0 ? "good\($0)" : "bad\($0)" })
                try await eventually("the neighbours are filed", within: .seconds(20)) {
                    try await filed(fixture) == 15
                }
                try await publish(fixture, (100..<110).map { "good\($0)" })
                try await eventually("later ones are filed", within: .seconds(20)) { try await filed(fixture) == 25 }
                try await eventually("the refused are set aside, in sight") {
                    let unfiled = try await fixture.store.unfiled()
                    return unfiled.first?.count == 30 && unfiled.first?.queue == fixture.queue.name
                }
                #expect(try await fixture.store.unfiled().first?.problem.contains("ck_test") == true)
                #expect(try await ready(fixture) == 0)
                try await fixture.database.execute("ALTER TABLE dead_letters DROP CONSTRAINT ck_test")
                try await eventually("all are filed", within: .seconds(40)) { try await filed(fixture) == 55 }
                try await eventually("nothing is set aside any more") {
                    try await fixture.database.count("SELECT count(*) FROM unsettled_dead_letters") == 0
                }
            }
            let letter = try await fixture.store.list(DeadLetterFilter(text: "c-bad10")).first
            #expect(letter?.deadLetter.original == fixture.message("bad10"))
        }
    }

    @Test func `a command files what was set aside, as soon as Postgres takes it`() async throws {
        try await KeeperFixture.with { fixture in
            try await fixture.database.execute(
                "ALTER TABLE dead_letters ADD CONSTRAINT ck_test CHECK (message_id <> 'bad')"
            )
            try await publish(fixture, ["bad", "good"])
            try await fixture.sweep.run()
            #expect(try await filed(fixture) == 1)
            #expect(try await fixture.store.unfiled().map(\.count) == [1])
            try await fixture.database.execute("ALTER TABLE dead_letters DROP CONSTRAINT ck_test")
            try await fixture.sweep.run()
            #expect(try await filed(fixture) == 2)
            #expect(try await fixture.store.unfiled().isEmpty)
        }
    }

    @Test func `a row that can't be read is said to be one, and holds no neighbour`() async throws {
        try await KeeperFixture.with { fixture in
            try await fixture.database.execute(
                "ALTER TABLE dead_letters ADD CONSTRAINT ck_test CHECK (message_id NOT LIKE 'bad%')"
            )
            try await publish(fixture, ["bad1", "bad2", "bad3"])
            try await fixture.sweep.run()
            #expect(try await fixture.store.unfiled().map(\.count) == [3])
            try await fixture.database.execute(
                """
                UPDATE unsettled_dead_letters SET headers = '{"a":' WHERE id = (SELECT min(id) FROM unsettled_dead_letters)
                """
            )
            try await fixture.database.execute("ALTER TABLE dead_letters DROP CONSTRAINT ck_test")
            try await withKeeper(fixture) {
                try await eventually("the neighbours are filed", within: .seconds(20)) {
                    let left = try await fixture.store.unfiled()
                    return try await filed(fixture) == 2 && left.map(\.count) == [1]
                }
            }
            let unfiled = try await fixture.store.unfiled()
            #expect(unfiled.map(\.count) == [1])
            #expect(unfiled.first?.problem.contains("can't be read") == true)
        }
    }
}
