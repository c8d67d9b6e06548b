@testable import FlotillaJobs
import FlotillaModels
import FlotillaPlatform
@testable import FlotillaStorage
import Testing

struct JobFeedTests {
    private static let second: Int64 = 1_000_000
    private static let start: Int64 = 1_800_000_000_000_000

    private func job(_ id: String, _ state: JobState, attempts: Int = 0, finishedAt: Int64? = nil) -> Job {
        Job(
            id: id,
            type: "audit.write",
            state: state,
            payload: [],
            attempts: attempts,
            maxAttempts: nil,
            priority: .normal,
            scheduledAt: nil,
            enqueuedAt: Self.start,
            startedAt: nil,
            finishedAt: finishedAt,
            result: nil,
            errorType: nil,
            errorMessage: nil,
            correlationID: nil,
            createdBy: nil,
            expiresAt: nil,
            batch: nil,
            key: nil,
            reason: nil,
            cronName: nil,
            nominalAt: nil,
            isBlocked: false
        )
    }

    private func live(_ id: String, progress: Int) -> [String: JobSnapshot] {
        [id: JobSnapshot(attempt: 1, state: .running, progress: progress, updatedAt: Int64(progress))]
    }

    @Test func `each change is told of once, though the looks overlap`() {
        var feed = JobFeed(at: Self.start)
        let queued = job("a", .queued)
        #expect(feed.take([[queued], [], [], []], live: [:], at: Self.start + 1).map(\.state) == [.queued])
        #expect(feed.take([[queued], [], [], []], live: [:], at: Self.start + 2).isEmpty)
        let done = job("a", .succeeded, attempts: 1, finishedAt: Self.start)
        #expect(feed.take([[done], [done], [], []], live: [:], at: Self.start + 3).map(\.state) == [.succeeded])
        #expect(feed.take([[done], [done], [], []], live: [:], at: Self.start + 4).isEmpty)
    }

    @Test func `the first look tells of what has just come and ended, not of all that runs`() {
        var feed = JobFeed(at: Self.start)
        let changes = feed.take(
            [[job("new", .queued)], [job("ended", .dead, finishedAt: Self.start)], [job("old", .running)], []],
            live: [:],
            at: Self.start + 1
        )
        #expect(changes.map(\.job.id) == ["ended", "new"])
        // But of what that does from then on.
        let next = feed.take([[], [], [job("old", .running)], []], live: live("old", progress: 5), at: Self.start + 2)
        #expect(next.map(\.live?.progress) == [5])
    }

    @Test func `progress is a change, and the time of its last word is none`() {
        var feed = JobFeed(at: Self.start)
        let running = job("a", .running, attempts: 1)
        _ = feed.take([[], [], [], []], live: [:], at: Self.start)
        #expect(feed.take([[], [], [running], []], live: live("a", progress: 5), at: Self.start + 1).count == 1)
        var later = live("a", progress: 5)
        later["a"]?.updatedAt = 99
        #expect(feed.take([[], [], [running], []], live: later, at: Self.start + 2).isEmpty)
        #expect(feed.take([[], [], [running], []], live: live("a", progress: 6), at: Self.start + 3).count == 1)
    }

    @Test func `one that ran is looked up at the next look, and told of when it waits for its next attempt`() {
        var feed = JobFeed(at: Self.start)
        _ = feed.take([[], [], [job("a", .running, attempts: 1)], []], live: [:], at: Self.start + 1)
        #expect(feed.running == ["a"])
        let changes = feed.take([[], [], [], [job("a", .retrying, attempts: 1)]], live: [:], at: Self.start + 2)
        #expect(changes.map(\.state) == [.retrying])
        #expect(feed.running.isEmpty)
    }

    @Test func `a look goes back beyond the one before, and after a full one it begins where that has ended`() {
        var feed = JobFeed(at: Self.start)
        _ = feed.take([[job("a", .queued)], [], [], []], live: [:], at: Self.start + 10 * Self.second)
        #expect(feed.statements[0].values.first == .text(UUIDv7.first(at: Self.start + 8 * Self.second)))
        let many = (0..<JobFeed.limit).map { job("id-\($0)", .queued) }
        _ = feed.take([many, [], [], []], live: [:], at: Self.start + 20 * Self.second)
        #expect(feed.statements[0].values.first == .text("id-\(JobFeed.limit - 1)"))
        #expect(feed.time == Self.start + 20 * Self.second)
    }
}
