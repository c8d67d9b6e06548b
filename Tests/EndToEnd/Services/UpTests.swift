import FlotillaPlatform
import FlotillaTestSupport
import Foundation
import Testing

/// `flotilla up` with the real servers.
@Suite(.serialized, .enabled(if: TestHome.areServersInstalled, "the servers are not installed: ops/setup.sh"))
struct UpTests {
    @Test func `it shows what works, survives what a night brings, and says what is wrong`() async throws {
        try await TestHome.with { home in
            try await UpFixture.with(in: home) { up in
                try await checkScreen(up)
                try await checkLostRedis(up)
                try await checkHeldStart(up)
                try await checkKilledWorker(up)
                try await leaveMore(up)
            }
            // As after an upgrade whose queue file has less, and after a start under another namespace.
            try await UpFixture.with(in: home) { up in
                #expect(up.text.contains("Warning: "), "\(up.text)")
                try await up.waitUntilWorkerIsReady()
                try await checkPrune(up)
            }
            #expect(home.processes() == [])
        }
    }

    /// The first screen is narrow, and what it says to copy works.
    private func checkScreen(_ up: UpFixture) async throws {
        let wide = up.text.split(separator: "\n").filter { $0.count > 80 && !$0.hasPrefix("flk_") }
        #expect(wide.isEmpty, "\(wide)")
        #expect(up.text.contains("  worker: "))
        try await up.waitUntilWorkerIsReady()
        #expect(up.text.contains(" demo\n"))
        #expect(up.text.contains(#"--body '{"companyId":"c-1"}'"#))
        let published = try await up.run("publish", "profile.viewed", "--body", #"{"companyId":"c-1"}"#)
        #expect(published.status == 0, "\(published.messages)")
        try await eventually("the doctor finds nothing wrong") { try await up.run("doctor").status == 0 }
        let metrics = try await up.metrics()
        #expect(metrics.contains("flotilla_process_up{process=\"worker\"} 1"))
        try await eventually("its effect is counted") {
            try await up.metrics().split(separator: "\n").contains {
                $0.hasPrefix("flotilla_jobs_completed_total{process=\"worker\"")
                    && $0.contains("subscription.profile.viewed")
                    && !$0.hasSuffix(" 0")
            }
        }
        #expect(
            try await up.run("dlq", "list", "--output", "json").text.split(whereSeparator: \.isWhitespace) == [
                "[", "]",
            ]
        )
        let unknown = try await up.run("dlq", "requeue", "99", "--output", "json")
        #expect(unknown.status == 1)
        struct Failure: Decodable {
            struct Content: Decodable { let message: String }
            let error: Content
        }
        let failure = try JSONDecoder().decode(Failure.self, from: Data(unknown.messages.utf8))
        #expect(failure.error.message == "there is no dead letter 99")
        #expect(try await up.run("worker", "--only", "nope").status == 2)
        let reset = try await up.run("services", "reset", "--yes")
        #expect(reset.status == 1)
        #expect(reset.messages.contains("flotilla up runs in"), "\(reset.messages)")
    }

    /// A lost Redis is told by the log, a metric and the doctor.
    private func checkLostRedis(_ up: UpFixture) async throws {
        let redis = try #require(try await up.home.process(of: "redis"))
        kill(redis, SIGSTOP)
        let opened = #"flotilla_breaker_open{process="worker",dependency="redis"} 1"#
        try await eventually("the breaker is open", within: .seconds(60)) {
            try await up.metrics().contains(opened) && up.log("worker").contains("Redis is lost: work goes on")
        }
        let doctor = try await up.run("doctor")
        #expect(doctor.status == 1)
        #expect(doctor.text.contains("Work goes on without live states of jobs"))
        #expect(doctor.text.contains("its breaker for redis is open"))
        kill(redis, SIGCONT)
        try await eventually("it closes", within: .seconds(60)) { try await !up.metrics().contains(opened) }
    }

    /// A server whose start takes long keeps no other from being started again.
    private func checkHeldStart(_ up: UpFixture) async throws {
        let postgres = try #require(try await up.home.process(of: "postgres"))
        let redis = try #require(try await up.home.process(of: "redis"))
        do {
            let lock = try await takeLock("\(up.home.path)/control/postgres-start.lock")
            defer { extendLifetime(lock) }
            kill(postgres, SIGKILL)
            try await eventually("its start waits") { up.text.contains("waiting for another start or stop") }
            kill(redis, SIGKILL)
            try await eventually("Redis is back") {
                let process = try await up.home.process(of: "redis")
                return process != nil && process != redis
            }
            #expect(try await up.home.process(of: "postgres") == nil)
        }
        try await eventually("everything is at work again", within: .seconds(120)) {
            try await up.run("doctor").status == 0
        }
    }

    /// A start or stop that is under way holds the lock for a while.
    private func takeLock(_ path: String) async throws -> FileLock {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            if let lock = try FileLock.take(path) { return lock }
            guard ContinuousClock.now < deadline else { throw TestSetupError(description: "a start is under way") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Leaves on the broker what the queue file does not have: a queue, a binding, and all of another namespace.
    private func leaveMore(_ up: UpFixture) async throws {
        let text = try String(contentsOf: Repository.file("queues.yaml"), encoding: .utf8)
        let extra = """
              audit.extra:
                worker: audit
                bind: [ { exchange: topic, key: extra.happened } ]

            """
        let other = (text + "\n" + extra).replacing("namespace: fleet", with: "namespace: other")
            .replacing("name: fleet.", with: "name: other.")
        for (name, content) in [("more", text + "\n" + extra), ("other", other)] {
            let path = "\(up.home.path)/\(name).yaml"
            try content.write(toFile: path, atomically: true, encoding: .utf8)
            let applied = try await up.run("topology", "apply", settings: ["FLOTILLA_QUEUES": path])
            #expect([0, 3].contains(applied.status), "\(name): \(applied.text) \(applied.messages)")
        }
    }

    /// What is left over stands in nobody's way, and can be pruned.
    private func checkPrune(_ up: UpFixture) async throws {
        let back = try await up.run("topology", "apply")
        #expect(back.status == 0, "\(back.text)")
        #expect(back.messages.contains("Warning: "))
        #expect(try await up.run("topology", "verify").status == 1)
        #expect(try await up.run("topology", "prune", "--namespace", "other").status == 2)
        let pruned = try await up.run("topology", "prune", "--namespace", "other", "--yes")
        #expect(pruned.status == 0, "\(pruned.text) \(pruned.messages)")
        #expect(pruned.text.contains("other.topic"))
        #expect(pruned.text.contains("audit.extra"))
        let verified = try await up.run("topology", "verify")
        #expect(verified.status == 0, "\(verified.text)")
    }

    /// A worker that has run well is back within seconds, however often it is killed.
    private func checkKilledWorker(_ up: UpFixture) async throws {
        for count in 1...6 {
            let worker = try #require(up.worker())
            kill(worker, SIGKILL)
            try await eventually("it is back", within: .seconds(60)) { up.worker().map { $0 != worker } ?? false }
            let waits = up.text.matches(of: /worker ended \(signal 9\): starting it again in ([0-9.]+) s/)
            #expect(waits.count == count)
            let wait = try #require(waits.last.flatMap { Double($0.1) })
            #expect(wait <= 4)
        }
        try await eventually("it works again", within: .seconds(60)) {
            try await up.metrics().contains("flotilla_process_up{process=\"worker\"} 1")
        }
    }

    @Test(.enabled(if: SmallDisk.isPossible, "a file system can't be mounted"))
    func `a broker whose disk was full comes back by itself once there is room`() async throws {
        let disk = try SmallDisk(kilobytes: 300_000)
        defer { disk.remove() }
        let home = TestHome(path: disk.folder.path + "/home")
        let body = disk.folder.path + "-body.json"
        try Data(#"{"companyId":"c-1","x":""#.utf8 + [UInt8](repeating: 0x61, count: 2_000_000) + #""}"#.utf8)
            .write(to: URL(filePath: body))
        defer { try? FileManager.default.removeItem(atPath: body) }
        try await UpFixture.with(in: home) { up in
            // Else the broker may notice first that its disk fills, and takes nothing more: no fault at all.
            try await home.evaluateOnBroker("ok = rabbit_disk_monitor:set_disk_free_limit(0).")
            let filler = disk.folder.appending(path: "filler")
            try fill(filler)
            try await eventually("its queues are down", within: .seconds(240)) {
                _ = try await up.run("publish", "profile.viewed", "--body", "@\(body)")
                return up.text.contains("out of order")
            }
            try FileManager.default.removeItem(at: filler)
            try await eventually("a message is taken again", within: .seconds(180), every: .seconds(1)) {
                try await up.run("publish", "profile.viewed", "--body", #"{"companyId":"c-1"}"#).status == 0
            }
            #expect(up.text.contains("lives but is out of order: starting it again"))
        }
        #expect(try await home.run("services", "reset", "--yes").status == 0)
    }

    /// Writes zeros until there is no room.
    private func fill(_ file: URL) throws {
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        let handle = try FileHandle(forWritingTo: file)
        let zeros = Data(repeating: 0, count: 64 << 10)
        while (try? handle.write(contentsOf: zeros)) != nil {}
        try handle.close()
    }
}
