@testable import FlotillaOperations
import FlotillaPlatform
import Foundation
import Testing

struct HomeTests {
    @Test func `a relative home lies in the current folder`() {
        let home = Home(environment: ["FLOTILLA_HOME": "x/../y/./z/"], currentFolder: "/srv/app")
        #expect(home.path == "/srv/app/y/z")
        #expect(Home(environment: ["FLOTILLA_HOME": ""], currentFolder: "/srv/app").path == "/srv/app/.flotilla")
    }

    @Test func `a socket whose path would be too long goes to a short folder of its own`() {
        let deep = "/tmp/" + String(repeating: "deep/", count: 30)
        let folders = ["a", "b"].map { name in
            Home(path: deep + name).socketFolder(for: .postgres, socket: ".s.PGSQL.5432")
        }
        #expect(folders.allSatisfy { ($0 + "/.s.PGSQL.5432").utf8.count <= Endpoint.longestSocketPath })
        #expect(folders[0] != folders[1])
        let short = Home(path: "/tmp/a").socketFolder(for: .redis, socket: "redis.sock")
        #expect(short == "/tmp/a/redis/run")
    }
}

struct ServiceStateTests {
    @Test func `the lock decides what runs, and the main process what that is worth`() {
        func state(_ lock: Bool, _ main: Bool, _ ready: Bool) -> ServiceState {
            ServiceState(isLockHeld: lock, hasMainProcess: main, isReady: ready)
        }
        #expect(state(false, true, true) == .stopped)
        #expect(state(true, false, false) == .remnants)
        #expect(state(true, true, false) == .starting)
        #expect(state(true, true, true) == .running)
    }
}

struct RestartBackoffTests {
    @Test func `waits double up to the cap, and start afresh after a good run`() {
        var backoff = RestartBackoff(base: .seconds(1), cap: .seconds(5), goodRun: .seconds(60))
        let waits = (0..<4).map { _ in backoff.delay(afterLivingFor: .seconds(1)) }
        #expect(waits == [.seconds(1), .seconds(2), .seconds(4), .seconds(5)])
        #expect(backoff.delay(afterLivingFor: .seconds(60)) == .seconds(1))
        #expect(backoff.delay(afterLivingFor: .zero) == .seconds(2))
    }
}

struct GreetingTests {
    @Test func `half an answer decides nothing`() {
        let bytes: [UInt8] =
            [0x52, 0, 0, 0, 8, 0, 0, 0, 0] + [0x53, 0, 0, 0, 24] + Array("server_version\u{0}15.2\u{0}".utf8)
            + [0x5a, 0, 0, 0, 5, 0x49]
        for count in 0..<bytes.count { #expect(!PostgresGreeting(Array(bytes.prefix(count))).isReady) }
        #expect(PostgresGreeting(bytes).isReady)
        #expect(PostgresGreeting(bytes).version == "15.2")
    }

    @Test func `a refusal carries the server's words`() {
        let fields = Array("SFATAL\u{0}C57P03\u{0}Mthe database system is starting up\u{0}\u{0}".utf8)
        let greeting = PostgresGreeting([0x45, 0, 0, 0, UInt8(fields.count + 4)] + fields)
        #expect(greeting.failure == "the database system is starting up")
        #expect(!greeting.isReady)
    }

    @Test func `versions compare by number`() {
        #expect(Version("3.9.13") < Version("3.10.8"))
        #expect(Version("4.1.0-rc.1") > Version("3.10"))
    }
}
