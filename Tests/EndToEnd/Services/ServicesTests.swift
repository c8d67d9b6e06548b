import FlotillaTestSupport
import Foundation
import Testing

/// `flotilla services` with the real servers.
@Suite(.serialized, .enabled(if: TestHome.areServersInstalled, "the servers are not installed: ops/setup.sh"))
struct ServicesTests {
    @Test func `a start is idempotent, survives the death of every server, and a stop leaves no process`() async throws
    {
        try await TestHome.with { home in
            let first = try await home.run("services", "start")
            #expect(first.status == 0, "\(first.messages)")
            let addresses = try await home.run("services", "env").text
            for name in ["RABBITMQ_URL", "RABBITMQ_MANAGEMENT_URL", "DATABASE_URL", "REDIS_URL"] {
                #expect(addresses.contains("export \(name)='"))
            }
            let running = try await home.process(of: "rabbitmq")
            let again = try await home.run("services", "start")
            #expect(again.status == 0)
            #expect(again.messages == "")
            #expect(try await home.process(of: "rabbitmq") == running)
            #expect(try await home.run("services", "status").status == 0)

            for service in ["postgres", "redis", "rabbitmq"] {
                let process = try #require(try await home.process(of: service))
                kill(process, SIGKILL)
            }
            try await eventually("all are seen to be dead") {
                try await home.run("services", "status").status == 1
            }
            let revived = try await home.run("services", "start")
            #expect(revived.status == 0, "\(revived.messages)")
            #expect(try await home.run("services", "env").text == addresses)

            #expect(try await home.run("services", "stop").status == 0)
            #expect(home.processes() == [])
            #expect(try await home.run("services", "env").status == 1)
            #expect(try await home.run("services", "stop").status == 0)
        }
    }

    @Test func `two homes run side by side and know nothing of each other`() async throws {
        try await TestHome.with { one in
            try await TestHome.with { other in
                async let first = one.run("services", "start")
                async let second = other.run("services", "start")
                let (left, right) = try await (first, second)
                #expect(left.status == 0, "\(left.messages)")
                #expect(right.status == 0, "\(right.messages)")
                let before = try await other.run("services", "env").text
                #expect(try await one.run("services", "env").text != before)
                #expect(try await one.run("services", "stop").status == 0)
                #expect(one.processes() == [])
                #expect(try await other.run("services", "status").status == 0)
            }
        }
    }

    @Test func `a start that is killed while it makes the database does not stand in the way of the next`() async throws
    {
        try await TestHome.with { home in
            let draft = home.path + "/postgres/data.new/PG_VERSION"
            try await home.runUntil({ FileManager.default.fileExists(atPath: draft) }, "services", "start")
            let next = try await home.run("services", "start", "--only", "postgres,redis")
            #expect(next.status == 0, "\(next.messages)")
        }
    }

    @Test func `a stale file with the id of a living stranger harms neither`() async throws {
        try await TestHome.with { home in
            #expect(try await home.run("services", "start", "--only", "redis,postgres").status == 0)
            #expect(try await home.run("services", "kill", "redis").status == 0)
            #expect(try await home.run("services", "kill", "postgres").status == 0)
            for file in ["control/redis.lock", "control/postgres.lock", "postgres/data/postmaster.pid"] {
                try Data("\(getpid())\n".utf8).write(to: URL(filePath: home.path + "/" + file))
            }
            #expect(try await home.run("services", "stop").status == 0)
            let next = try await home.run("services", "start", "--only", "redis,postgres")
            #expect(next.status == 0, "\(next.messages)")
            #expect(try await home.process(of: "redis") != getpid())
        }
    }

    @Test func `a home with a long path and spaces works`() async throws {
        let deep = "/a home with spaces/" + String(repeating: "deep", count: 25)
        try await TestHome.with(folder: deep) { home in
            let start = try await home.run("services", "start")
            #expect(start.status == 0, "\(start.messages)")
            #expect(try await home.run("doctor").status == 0)
            #expect(try await home.run("services", "stop").status == 0)
            #expect(home.processes() == [])
        }
    }

    @Test func `a frozen server is stopped all the same, and the doctor says what to do about a stopped one`()
        async throws
    {
        try await TestHome.with { home in
            let doctor = try await home.run("doctor")
            #expect(doctor.status == 1)
            #expect(doctor.text.contains("run flotilla services start"))
            #expect(try await home.run("services", "start", "--only", "redis").status == 0)
            let redis = try #require(try await home.process(of: "redis"))
            kill(redis, SIGSTOP)
            #expect(try await home.run("services", "stop").status == 0)
            #expect(home.processes() == [])
        }
    }
}
