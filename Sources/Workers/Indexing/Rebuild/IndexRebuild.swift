package import FlotillaAudit
import FlotillaModels
package import FlotillaStorage

/// Makes a fresh index from the audit log beside the active one, and puts it in its place.
///
/// Workers write both from the beginning on. Since records depend neither on the order of events nor on repeats, it
/// makes no difference which of the two brings an event first. At the end, what the active index knows and the audit
/// log does not is joined in: events that are indexed and not yet audited, and those of months that are detached.
package struct IndexRebuild: Sendable {
    package struct Progress: Sendable {
        package enum Step: String, Sendable {
            case replaying, carrying, switching
        }

        package let step: Step
        package let done: Int64
        package let total: Int64
    }

    package struct Report: Sendable {
        package var generation: Int64 = 0
        /// Events taken from the audit log.
        package var events = 0
        /// Rows of the audit log whose bodies don't read.
        package var unreadable = 0
        /// Profiles of which the active index had another version: events that the audit log lacks, or, without a time of
        /// their own, has received at another moment.
        package var carried = 0
        package var documents: Int64 = 0
    }

    /// A rebuild that has not moved for so long is taken for dead.
    package static let abandonedAfter = Duration.seconds(60)
    /// With ``auditOnly``, changes of the active index count from this long before the beginning on.
    private static let auditLag = Duration.seconds(3_600)

    private let pool: PostgresPool
    private let privacy: AuditPrivacy
    private let store: any IndexStore
    private let auditOnly: Bool
    private let pageSize: Int64

    /// - Parameters:
    ///   - pool: with a statement timeout that fits counting a whole table.
    ///   - privacy: opens what the audit log holds of people.
    ///   - auditOnly: leaves out what the active index alone knows, but for the last hour, which the audit may lag behind.
    package init(
        _ pool: PostgresPool,
        _ store: any IndexStore,
        privacy: AuditPrivacy,
        auditOnly: Bool = false,
        pageSize: Int64 = 500
    ) {
        self.pool = pool
        self.privacy = privacy
        self.store = store
        self.auditOnly = auditOnly
        self.pageSize = pageSize
    }

    /// - Throws: `IndexRebuildError`, `PostgresError`. The active index stays as it is then, and the new one is dropped.
    package func run(progress: (Progress) -> Void = { _ in }) async throws -> Report {
        let (number, startedAt) = try await begin()
        var report = Report()
        report.generation = number
        do {
            try await store.open(generation: number)
            try await replay(into: number, &report, progress)
            try await carry(into: number, since: startedAt, &report, progress)
            progress(Progress(step: .switching, done: 0, total: 1))
            report.documents = try await finish(number)
            return report
        } catch {
            // In a task of its own: this one may be cancelled.
            await Task { await drop(number) }.value
            throw error
        }
    }

    private func begin() async throws -> (generation: Int64, startedAt: Int64) {
        for number in try await leftovers() { await drop(number) }
        return try await pool.transaction { transaction in
            let answers = try await transaction.pipeline([IndexStatements.lockAlone, RebuildStatements.building])
            if let row = answers[1].first {
                throw IndexRebuildError(
                    code: .underWay,
                    operation: "rebuild",
                    detail: "a rebuild is under way into generation \(row.int(0) ?? 0)"
                )
            }
            let rows = try await transaction.query(RebuildStatements.begin)
            guard let number = rows.first?.int(0), let time = rows.first?.timestamp(1) else {
                throw IndexRebuildError(code: .noIndex, operation: "rebuild", detail: "no generation could be made")
            }
            return (number, time)
        }
    }

    /// Generations that a killed rebuild has left: those without a row, and one whose row has not moved for long.
    private func leftovers() async throws -> [Int64] {
        let answers = try await pool.pipeline([
            RebuildStatements.abandon(after: Self.abandonedAfter), RebuildStatements.orphans,
        ])
        return answers[1].compactMap { $0.int(0) }
    }

    private func replay(into number: Int64, _ report: inout Report, _ progress: (Progress) -> Void) async throws {
        let log = AuditedEvents(pool, privacy: privacy, pageSize: pageSize)
        let (lanes, total) = try await log.lanes()
        var done: Int64 = 0
        for lane in lanes {
            var place = lane
            var isLast = false
            while !isLast {
                let page = try await log.page(after: place)
                done += page.place.sequence - place.sequence
                place = page.place
                isLast = page.isLast
                report.events += page.events.count
                report.unreadable += page.unreadable
                report.unreadable += try await write(page.events, into: number)
                try await note(number, done, of: total)
                progress(Progress(step: .replaying, done: done, total: total))
            }
        }
    }

    /// - Returns: how many of the events the index would not take, each tried alone.
    private func write(_ events: [AuditedEvents.Event], into number: Int64) async throws -> Int {
        do {
            try await writeTogether(events, into: number)
            return 0
        } catch is RefusedChanges {
            guard events.count > 1 else { return 1 }
            let middle = events.count / 2
            let first = try await write(Array(events[..<middle]), into: number)
            return first + (try await write(Array(events[middle...]), into: number))
        }
    }

    private func writeTogether(_ events: [AuditedEvents.Event], into number: Int64) async throws {
        var users: [String] = []
        var changes: [(change: ProfileChange, kind: ProfileChange.Kind, version: EventVersion)] = []
        for event in events {
            switch event {
            case .profile(let change, let kind, let version): changes.append((change, kind, version))
            case .deletion(let deleted): users.append(deleted.userID)
            }
        }
        if !users.isEmpty { try await UserDeletion(pool, store).delete(users) }
        guard !changes.isEmpty else { return }
        try await write(
            into: number,
            profileIDs: changes.map(\.change.profileID),
            userIDs: changes.flatMap(\.change.userIDs)
        ) { batch in
            for (change, kind, version) in changes { batch.apply(change, kind, version) }
        }
    }

    private func write(
        into number: Int64,
        profileIDs: [String],
        userIDs: [String],
        _ change: (inout IndexBatch) -> Void
    ) async throws {
        let queries = IndexWriter.queries(profileIDs: profileIDs, userIDs: userIDs, for: store)
        for attempt in 1... {
            do {
                return try await pool.transaction { transaction in
                    var writer = try IndexWriter(answers: try await transaction.pipeline(queries), only: number)
                    change(&writer.batch)
                    try await transaction.commit(after: try await writer.finish(into: store))
                }
            } catch let error as PostgresError where error.isRetriable && !error.isOutage && attempt < 10 {
                continue
            }
        }
    }

    private func carry(
        into number: Int64,
        since startedAt: Int64,
        _ report: inout Report,
        _ progress: (Progress) -> Void
    ) async throws {
        let lag = Int64(Self.auditLag.seconds * 1e6)
        let earliest = auditOnly ? startedAt - lag : EventTime.plausible.lowerBound
        var last = ""
        while true {
            let rows = try await pool.query(
                RebuildStatements.missing(in: number, after: last, changedSince: earliest, limit: pageSize)
            )
            guard let end = rows.last?.text(1) else { return }
            last = end
            // What the active index can't read itself is no loss.
            let records = rows.compactMap(StoredRecord.init).compactMap { try? ProfileRecord($0) }
            try await write(into: number, profileIDs: records.map(\.profileID), userIDs: records.flatMap(\.userIDs)) {
                for record in records { $0.join(record) }
            }
            report.carried += records.count
            try await note(number, nil, of: nil)
            progress(Progress(step: .carrying, done: Int64(report.carried), total: Int64(report.carried)))
        }
    }

    private func note(_ number: Int64, _ done: Int64?, of total: Int64?) async throws {
        guard try await pool.query(RebuildStatements.note(number, done, of: total)).affected == 1 else {
            throw IndexRebuildError(
                code: .overtaken,
                operation: "rebuild",
                detail: "generation \(number) is gone: another rebuild has taken this one for dead"
            )
        }
    }

    private func finish(_ number: Int64) async throws -> Int64 {
        _ = try await pool.pipeline(RebuildStatements.analyze(number))
        try await store.refresh(generation: number)
        let documents = try await store.count(generation: number, pool)
        let old = try await pool.transaction { transaction -> Int64? in
            let answers = try await transaction.pipeline(
                [IndexStatements.lockAlone] + RebuildStatements.activate(number)
            )
            guard answers[2].affected == 1 else {
                throw IndexRebuildError(
                    code: .overtaken,
                    operation: "switch",
                    detail: "generation \(number) is gone: another rebuild has taken this one for dead"
                )
            }
            return answers[1].first?.int(0)
        }
        if let old { await drop(old) }
        return documents
    }

    /// Takes a generation away; where that does not work, the next rebuild does it.
    private func drop(_ number: Int64) async {
        try? await store.drop(generation: number)
        _ = try? await pool.pipeline(RebuildStatements.drop(number))
        // A worker that was writing it meanwhile may have made its index again.
        try? await store.drop(generation: number)
    }
}
