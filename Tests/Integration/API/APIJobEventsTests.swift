@testable import FlotillaJobs
import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaModels
import FlotillaModules
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct APIJobEventsTests {
    private static let job = #"{"type":"audit.write","payload":{"email":"ann@example.com"}}"#

    private func withAPI(_ body: (APIFixture, JobStates) async throws -> Void) async throws {
        guard let url = ProcessInfo.processInfo.environment["REDIS_URL"] else {
            throw TestSetupError(description: "REDIS_URL is not set; run make test, which starts the servers")
        }
        let redis = RedisClient(try RedisConfiguration(url: url), name: "test")
        let states = JobStates(redis, metrics: Metrics())
        try await TestDatabase.with(migrated: true) { database in
            try await APIFixture.with(database.pool, states: states) { api in try await body(api, states) }
        }
        await redis.close()
    }

    private func enqueue(_ api: APIFixture, _ body: String = job) async throws -> String {
        try #require(try await api.call("POST", "/api/v1/jobs", body).data()["id"] as? String)
    }

    private func progress(_ id: String, _ percent: Int) -> JobStateChange {
        JobStateChange(
            jobID: id,
            attempt: 1,
            state: .running,
            progress: percent,
            progressMessage: "row \(percent)",
            at: WallClock.microseconds()
        )
    }

    @Test func `a stream tells what a job is, its progress and its end, and ends with that`() async throws {
        try await withAPI { api, states in
            let id = try await enqueue(api)
            let events = try await api.events("/api/v1/jobs/\(id)/events")
            #expect(events.head.status == 200)
            #expect(events.head.header("Content-Type") == "text/event-stream")
            #expect(events.head.header("Content-Encoding") == nil)
            let first = try #require(await events.next())
            #expect(events.notes == ["retry: 2000"])
            #expect(first.name == "job")
            #expect(first.id?.isEmpty == false)
            let shown = try await api.call("GET", "/api/v1/jobs/\(id)")
            #expect(shown.body == "{\"success\":true,\"data\":\(first.data)}")
            _ = try await api.pool.query(Jobs.start([id: 1]))
            await states.update(progress(id, 40))
            let running = await events.first { $0.data.contains("\"percent\":40") }
            #expect(running?.state == "running")
            await states.update(progress(id, 80))
            #expect(await events.first { $0.data.contains("row 80") } != nil)
            _ = try await api.pool.query(Jobs.succeeded(id, attempts: 1, result: #"{"rows":80}"#))
            let last = await events.rest().last
            #expect(last?.state == "succeeded")
            #expect(last?.data.contains("\"result\":{\"rows\"") == true)
        }
    }

    @Test func `Last-Event-ID is not told again, and after the end there is nothing to connect for`() async throws {
        try await withAPI { api, _ in
            let id = try await enqueue(api)
            let first = try #require(try await api.events("/api/v1/jobs/\(id)/events").next())
            let again = try await api.events("/api/v1/jobs/\(id)/events", after: first.id)
            _ = try await api.pool.query(Jobs.succeeded(id, attempts: 1, result: nil))
            let events = await again.rest()
            #expect(events.map(\.state) == ["succeeded"])
            let last = try #require(events.last?.id)
            #expect(try await api.events("/api/v1/jobs/\(id)/events", after: first.id).rest().count == 1)
            let over = try await api.call("GET", "/api/v1/jobs/\(id)/events", headers: ["Last-Event-ID": last])
            #expect(over.status == 204)
        }
    }

    @Test func `streams show what GET shows to their callers, and who may not look gets 404`() async throws {
        try await withAPI { api, _ in
            let id = try await enqueue(api)
            let keys = APIKeys(api.pool)
            let reader = try await keys.create(name: "reader", scopes: [.read], grants: Grants())
            let stranger = try await keys.create(name: "stranger", scopes: [.enqueue], grants: Grants())
            let seen = try await api.events("/api/v1/jobs/\(id)/events", key: reader.revealed).next()
            #expect(seen?.data.contains("\"payload\":\"***\"") == true)
            #expect(try await api.events("/api/v1/jobs/\(id)/events").next()?.data.contains("ann@example.com") == true)
            #expect(try await api.events("/api/v1/jobs/\(id)/events", key: stranger.revealed).head.status == 404)
            #expect(try await api.events("/api/v1/jobs/events", key: stranger.revealed).head.status == 403)
            #expect(try await api.events("/api/v1/jobs/nonsense/events").head.status == 422)
            #expect(try await api.call("GET", "/api/v1/jobs/\(UUIDv7.make())/events").status == 404)
        }
    }

    @Test func `a stream ends when its job is not there any more`() async throws {
        try await withAPI { api, _ in
            let id = try await enqueue(api)
            let events = try await api.events("/api/v1/jobs/\(id)/events")
            #expect(await events.next() != nil)
            _ = try await api.pool.query(SQLStatement("DELETE FROM jobs WHERE id = $1", [.text(id)]))
            #expect(await events.rest().isEmpty)
        }
    }

    @Test func `the stream of all tells of new ones, of what runs and of ends, by type, batch and key`() async throws {
        try await withAPI { api, states in
            let batch = try #require(
                try await api.call("POST", "/api/v1/batches", #"{"name":"some"}"#).data()["id"] as? String
            )
            let all = try await api.events("/api/v1/jobs/events")
            let ofType = try await api.events("/api/v1/jobs/events?type=no.such")
            let ofBatch = try await api.events("/api/v1/jobs/events?batch=\(batch.uppercased())")
            let ofKey = try await api.events("/api/v1/jobs/events?key=c-7&type=audit.write")
            let plain = try await enqueue(api)
            let member = try await enqueue(api, #"{"type":"audit.write","payload":{},"batch":"\#(batch)"}"#)
            let keyed = try await enqueue(api, #"{"type":"audit.write","payload":{},"key":"c-7"}"#)
            #expect(await all.first { $0.job == plain }?.state == "queued")
            _ = try await api.pool.query(Jobs.start([plain: 1]))
            await states.update(progress(plain, 30))
            let running = await all.first { $0.job == plain && $0.data.contains("row 30") }
            #expect(running?.state == "running")
            #expect(running?.data.contains("payload") == false)
            for id in [plain, member, keyed] {
                _ = try await api.pool.query(Jobs.succeeded(id, attempts: 1, result: nil))
            }
            #expect(await all.first { $0.job == plain && $0.state == "succeeded" } != nil)
            for (stream, id) in [(ofBatch, member), (ofKey, keyed)] {
                var states: [String?] = []
                while states.last != "succeeded", let event = await stream.next() {
                    #expect(event.job == id)
                    states.append(event.state)
                }
                #expect(states.last == "succeeded")
            }
            #expect(ofType.head.status == 200)
        }
    }

    @Test func `who comes back with Last-Event-ID is told first what has changed since`() async throws {
        try await withAPI { api, _ in
            let before = try await enqueue(api)
            let old = try await enqueue(api)
            let stream = try await api.events("/api/v1/jobs/events")
            #expect(await stream.first { $0.job == old } != nil)
            _ = try await api.pool.query(Jobs.succeeded(before, attempts: 1, result: nil))
            let seen = try #require(await stream.first { $0.job == before && $0.state == "succeeded" })
            let last = try #require(seen.id)
            // Longer than what is told again on each side of the break.
            try await Task.sleep(for: .seconds(3))
            let new = try await enqueue(api)
            _ = try await api.pool.query(Jobs.succeeded(old, attempts: 1, result: nil))
            let again = try await api.events("/api/v1/jobs/events", after: last)
            var found: Set<String> = []
            while found != [new, old], let event = await again.next() {
                if event.job == new { found.insert(new) }
                if event.job == old, event.state == "succeeded" { found.insert(old) }
            }
            #expect(found == [new, old])
            // And then goes on.
            let later = try await enqueue(api)
            #expect(await again.first { $0.job == later } != nil)
            let (known, now) = (Int64(last) ?? 0, again.lastID.flatMap { Int64($0) } ?? 0)
            #expect(now > known)
            #expect(try await api.events("/api/v1/jobs/events", after: "nonsense").head.status == 422)
        }
    }

    @Test func `comments tell that a stream is alive, and it ends in time for its key to be looked at again`()
        async throws
    {
        try await TestDatabase.with(migrated: true) { database in
            let routes: @Sendable (APIContext) -> [Route] = { context in
                JobEventRoutes(context, heartbeat: .milliseconds(100), longest: .seconds(1)).routes
            }
            try await APIFixture.with(database.pool, events: routes) { api in
                let id = try await enqueue(api)
                let events = try await api.events("/api/v1/jobs/\(id)/events")
                #expect(await events.rest().count == 1)
                #expect(events.notes.count { $0.hasPrefix(":") } >= 3)
            }
        }
    }

    @Test func `a hundred streams share one watcher, and each gets the end`() async throws {
        try await withAPI { api, _ in
            let ids = try await [enqueue(api), enqueue(api)]
            var streams: [EventReader] = []
            for number in 0..<100 { streams.append(try await api.events("/api/v1/jobs/\(ids[number % 2])/events")) }
            for stream in streams { #expect(await stream.next()?.state == "queued") }
            for id in ids { _ = try await api.pool.query(Jobs.succeeded(id, attempts: 1, result: nil)) }
            for stream in streams { #expect(await stream.rest().map(\.state) == ["succeeded"]) }
            try await eventually("no stream is left") { api.server.streamsOpen == 0 }
        }
    }

    @Test func `a watcher looks for as long as anybody listens, and asks no more for many than for one`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let id = UUIDv7.make()
            let job = try #require(
                try await Jobs(database.pool).enqueue(NewJob(type: "audit.write", payload: [0x31])).job
            )
            let watcher = JobWatcher(
                database.pool,
                nil,
                log: Log(service: "test", threshold: .error),
                interval: .milliseconds(50)
            )
            var streams = (0..<200).map { _ in watcher.changes(of: job.id).makeAsyncIterator() }
            #expect(watcher.watched == 200)
            for index in streams.indices { #expect(await streams[index].next()??.job.id == job.id) }
            streams = []
            try await eventually("nobody listens") { watcher.watched == 0 }
            var gone = watcher.changes(of: id).makeAsyncIterator()
            let change = await gone.next()
            #expect(change != nil)
            #expect((change ?? nil) == nil)
            watcher.close()
            #expect(await gone.next() == nil)
        }
    }
}
