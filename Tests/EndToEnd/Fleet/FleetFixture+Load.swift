import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Synchronization
import Testing

/// Views of profiles, spread over a few companies, each with an id of its own.
struct Load: Sendable {
    let word = TestServers.uniqueWord()
    let count: Int
    var companies = 7

    func id(_ number: Int) -> String { "\(word)-\(number)" }

    func company(_ number: Int) -> String { "\(word)-c\(number % companies)" }

    /// Makes the companies known to the notifications worker, which tells them how their quotas stand.
    var introductions: SQLStatement {
        SQLStatement(
            """
            INSERT INTO recipients (key, name, email, times)
            SELECT 'customer:' || id, id, id || '@example.com', '{}' FROM unnest($1) AS company (id)
            ON CONFLICT (key) DO NOTHING
            """,
            [.textArray((0..<companies).map(company))]
        )
    }

    /// How many of the messages are of a company.
    func expected(of company: Int) -> Int { (count - company + companies - 1) / companies }

    func message(_ number: Int) -> OutgoingMessage {
        .event("profile.viewed", id: id(number), #"{"companyId":"\#(company(number))","profileId":"p\#(number)"}"#)
    }
}

extension OutgoingMessage {
    /// An event on the topic exchange.
    static func event(_ key: String, id: String?, _ body: String) -> Self {
        .event(key, id: id, Array(body.utf8))
    }

    static func event(_ key: String, id: String?, _ body: [UInt8]) -> Self {
        var properties = MessageProperties()
        properties.messageID = id
        return OutgoingMessage(
            exchange: "fleet.topic",
            routingKey: key,
            message: Message(properties: properties, body: body)
        )
    }
}

/// How many messages the broker has confirmed so far.
final class Progress: Sendable {
    private let confirmed = Mutex(0)

    var count: Int { confirmed.withLock { $0 } }

    func add(_ count: Int) { confirmed.withLock { $0 += count } }
}

extension FleetFixture {
    /// Publishes in portions, and what the broker has not confirmed again, until all are confirmed.
    ///
    /// - Parameter pause: between portions of 500.
    func publish(
        _ load: Load,
        _ numbers: Range<Int>? = nil,
        pause: Duration = .zero,
        noting progress: Progress = Progress()
    ) async throws {
        let numbers = numbers ?? 0..<load.count
        if numbers.lowerBound == 0 { _ = try await pool.query(load.introductions) }
        for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 500) {
            var left = (start..<min(start + 500, numbers.upperBound)).map(load.message)
            while !left.isEmpty {
                try Task.checkCancellation()
                let results = await publisher.publish(left)
                let missing = zip(left, results).filter { !$0.1.isConfirmed }.map(\.0)
                progress.add(left.count - missing.count)
                if missing.count == left.count { try await Task.sleep(for: .milliseconds(20)) }
                left = missing
            }
            if pause > .zero { try await Task.sleep(for: pause) }
        }
    }

    /// Publishes one message, which has to be confirmed.
    func publish(_ message: OutgoingMessage) async throws {
        let result = await publisher.publish([message])[0]
        guard result.isConfirmed else { throw TestSetupError(description: "not published: \(result)") }
    }

    func count(_ sql: String, _ values: SQLValue...) async throws -> Int {
        Int(try await pool.query(SQLStatement(sql, values))[0].int(0) ?? -1)
    }

    /// The rows of the audit log whose message ids begin with the word.
    func auditRows(_ word: String) async throws -> Int {
        try await count("SELECT count(*) FROM audit_logs WHERE message_id LIKE $1", .text(word + "-%"))
    }

    func auditedIDs(_ word: String) async throws -> Int {
        try await count(
            "SELECT count(DISTINCT message_id) FROM audit_logs WHERE message_id LIKE $1",
            .text(word + "-%")
        )
    }

    /// What the companies with the word have used, overage included.
    func used(_ word: String) async throws -> Int {
        try await count(
            "SELECT coalesce(sum(used + overage), 0)::int8 FROM quotas WHERE company_id LIKE $1",
            .text(word + "-%")
        )
    }

    func used(ofCompany company: String) async throws -> Int {
        try await count(
            "SELECT coalesce(sum(used + overage), 0)::int8 FROM quotas WHERE company_id = $1",
            .text(company)
        )
    }

    /// Waits until every message of a load has had both of its effects.
    func waitForEffects(of load: Load, within limit: Duration) async throws {
        try await eventually("all \(load.count) effects", within: limit, every: .milliseconds(250)) {
            let (rows, used) = (try await auditRows(load.word), try await used(load.word))
            return rows >= load.count && used >= load.count
        }
    }

    func filedDeadLetters() async throws -> Int { try await count("SELECT count(*) FROM dead_letters") }

    /// Those that have the word in their message id or body: other tests of the home may still have one under way.
    func filedDeadLetters(of word: String) async throws -> Int {
        try await count(
            "SELECT count(*) FROM dead_letters WHERE message_id LIKE $1 OR body LIKE convert_to($1, 'UTF8')",
            .text("%\(word)%")
        )
    }

    /// The dead-letter queues that are not empty.
    func fullDeadLetterQueues() async throws -> [String] {
        var full: [String] = []
        for queue in topology.queues where try await admin.queueDepth(queue.deadLetterQueue)?.ready != 0 {
            full.append(queue.deadLetterQueue)
        }
        return full
    }

    func ready(_ queue: String) async throws -> Int { try await admin.queueDepth(queue)?.ready ?? -1 }

    /// After workers have left, what they finished is not in their queues again.
    func expectNothingWaits() async throws {
        for queue in ["audit.all", "subscription.profile.viewed"] {
            let waiting = try await ready(queue)
            #expect(waiting == 0, "messages wait in \(queue)")
        }
    }

    /// The messages that wait for a retry.
    func waitingOnLadder() async throws -> Int {
        var sum = 0
        for level in 0..<topology.delay.levels { sum += try await ready(topology.delay.name(of: level)) }
        return sum
    }
}
