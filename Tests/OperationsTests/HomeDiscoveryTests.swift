import FlotillaCommandLineKit
@testable import FlotillaOperations
import FlotillaPlatform
import Foundation
import Testing

/// Where commands find the home, the queue file and the servers.
struct HomeDiscoveryTests {
    /// A fleet's folder with a home and a queue file, and a folder below it.
    private static func with(_ body: (_ fleet: String, _ below: String) throws -> Void) throws {
        let fleet = "/tmp/flotilla-discovery-" + UUID().uuidString.prefix(8)
        try PrivateFile.makeFolder(fleet, mode: 0o755)
        defer { try? FileManager.default.removeItem(atPath: fleet) }
        try PrivateFile.makeFolder(fleet + "/.flotilla/control")
        try PrivateFile.write("queues: {}\n", to: fleet + "/queues.yaml")
        try PrivateFile.makeFolder(fleet + "/docs/pictures")
        try body(fleet, fleet + "/docs/pictures")
    }

    private static func load(_ environment: [String: String], in folder: String) throws -> Configuration {
        try Configuration(environment: environment, currentFolder: folder, settings: [])
    }

    @Test func `the home and the queue file are found from a folder below`() throws {
        try Self.with { fleet, below in
            let configuration = try Self.load([:], in: below)
            #expect(configuration.home.path == fleet + "/.flotilla")
            #expect(configuration[Settings.queues] == fleet + "/queues.yaml")
            #expect(configuration.source(of: Settings.queues) == .home)
            #expect(try Self.load([:], in: fleet)[Settings.queues] == "queues.yaml")
        }
    }

    @Test func `a link is no home, nor what has one in the place of a folder`() throws {
        try Self.with { fleet, _ in
            let other = fleet + "/other"
            try PrivateFile.makeFolder(other, mode: 0o755)
            for (link, target) in [
                ("/.flotilla", fleet + "/.flotilla"), ("/.flotilla/control", fleet + "/.flotilla/control"),
            ] {
                let path = other + link
                if link.hasSuffix("control") { try PrivateFile.makeFolder(other + "/.flotilla") }
                try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
                let configuration = try Self.load([:], in: other + "/x")
                #expect(configuration.home.path == fleet + "/.flotilla", "the one above is found")
                #expect(try Self.load([:], in: other).home.path == fleet + "/.flotilla")
                try FileManager.default.removeItem(atPath: path)
            }
        }
    }

    @Test func `what somebody else made in the current folder is not used`() throws {
        let folder = "/tmp/flotilla-discovery-" + UUID().uuidString.prefix(8)
        try PrivateFile.makeFolder(folder + "/real/control")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try PrivateFile.write("/etc/queues.yaml", to: folder + "/real/control/queues-file")
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/.flotilla",
            withDestinationPath: folder + "/real"
        )
        let configuration = try Self.load([:], in: folder)
        #expect(configuration.home.isForeign)
        #expect(configuration.warnings == ["\(folder)/.flotilla is somebody else's and not used; set FLOTILLA_HOME"])
        #expect(throws: ServiceError.self) { try configuration.home.prepare() }
        try PrivateFile.makeFolder(folder + "/real/keys")
        try PrivateFile.write("theirs", to: folder + "/real/keys/" + KeyFolder.master)
        #expect(KeyFolder(configuration.home).read(KeyFolder.master) == nil)
        #expect(try !Self.load(["FLOTILLA_HOME": folder + "/real"], in: folder).home.isForeign)
    }

    @Test(
        .enabled(if: geteuid() == 0, "only root can give folders away"),
        arguments: [
            (0, 0, 0, true), (65_534, 65_534, 65_534, true), (65_534, 0, 0, true), (0, 65_534, 65_534, false),
            (0, 0, 65_534, false), (65_534, 65_534, 0, false), (65_534, 1, 1, false),
        ] as [(UInt32, UInt32, UInt32, Bool)]
    )
    func `root uses its own homes, and those of the current folder's owner`(
        folder: UInt32,
        home: UInt32,
        control: UInt32,
        isUsed: Bool
    ) throws {
        try Self.with { fleet, _ in
            for (path, owner) in [("", folder), ("/.flotilla", home), ("/.flotilla/control", control)] {
                try #require(chown(fleet + path, owner, owner) == 0)
            }
            #expect(try Self.load([:], in: fleet).home.isForeign != isUsed)
        }
    }

    @Test func `with the home alone the queue file is the one of its last session`() throws {
        try Self.with { fleet, _ in
            let home = Home(path: fleet + "/elsewhere")
            try home.prepare()
            try home.record(probes: ProbeList([]), queuesFile: fleet + "/queues.yaml")
            try FileManager.default.createDirectory(atPath: fleet + "/other", withIntermediateDirectories: true)
            try FileManager.default.moveItem(atPath: fleet + "/queues.yaml", toPath: fleet + "/other/queues.yaml")
            let configuration = try Self.load(["FLOTILLA_HOME": home.path], in: "/")
            #expect(configuration[Settings.queues] == "queues.yaml")
            try home.record(probes: ProbeList([]), queuesFile: fleet + "/other/queues.yaml")
            #expect(
                try Self.load(["FLOTILLA_HOME": home.path], in: "/")[Settings.queues] == fleet + "/other/queues.yaml"
            )
        }
    }

    @Test func `reading a configuration makes nothing`() throws {
        let folder = "/tmp/flotilla-discovery-" + UUID().uuidString.prefix(8)
        try PrivateFile.makeFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(try !Self.load([:], in: folder).home.exists)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }

    @Test func `addresses that eval has left of another home are told`() throws {
        let left = ["REDIS_URL": "unix:///srv/one/redis/run/redis.sock", "FLOTILLA_SERVERS_OF": "/srv/one"]
        let other = try Self.load(left.merging(["FLOTILLA_HOME": "/srv/two"]) { $1 }, in: "/")
        #expect(other.foreignServers == "REDIS_URL is of the home /srv/one, not of /srv/two")
        #expect(other.warnings.count == 1)
        #expect(try Self.load(left.merging(["FLOTILLA_HOME": "/srv/one/"]) { $1 }, in: "/").foreignServers == nil)
        #expect(
            try Self.load(["FLOTILLA_SERVERS_OF": "/srv/one", "FLOTILLA_HOME": "/srv/two"], in: "/").foreignServers
                == nil
        )
    }

    @Test(arguments: [
        "amqp://user:12/34@host", "amqp://user:pa?ss@host", "amqp://user:12#34@host:5672/", "amqp://u:a/b@c@host/v",
        "amqp://user:p@12/34@host",
    ])
    func `nothing of an unencoded password is shown`(_ url: String) throws {
        #expect(ServerURL(url) == nil)
        let error = #expect(throws: ConfigurationError.self) { try Self.load(["RABBITMQ_URL": url], in: "/") }
        let text = error?.description ?? ""
        #expect(text.contains("RABBITMQ_URL has to be a URL such as amqp://host"))
        for part in ["12", "34", "pa", "ss@", "a/b"] where url.contains(part) && part != "pa" {
            #expect(!text.contains(part), "\(text)")
        }
    }

    @Test(arguments: [
        "postgresql://flotilla@/flotilla?host=%2Ftmp%2Fhome", "unix:///srv/one@two/redis.sock",
        "amqp://user:p%2Fw@host/%2f", "https://host/path",
    ])
    func `other addresses are read as before`(_ url: String) { #expect(ServerURL(url) != nil) }

    @Test func `probes are named, once each`() {
        #expect(
            ProbeList(text: "worker=127.0.0.1:9100, 10.0.0.2:9101")?.probes.map(\.name) == ["worker", "10.0.0.2:9101"]
        )
        #expect(ProbeList(text: "a=h:1,b=[::1]:2")?.probes.map(\.host) == ["h", "::1"])
        for wrong in ["worker", "a=h:0", "a=h:70000", "a=h:1,a=h:2", "a=:1"] { #expect(ProbeList(text: wrong) == nil) }
    }
}

struct ServiceConditionWatchTests {
    @Test func `a server that is broken is started again after three looks, a silent one after a minute`() {
        func looks(_ conditions: [ServiceCondition]) -> [Bool] {
            var watch = ServiceConditionWatch()
            return conditions.map { watch.note($0) }
        }
        #expect(
            looks([.broken, .broken, .sound, .broken, .broken, .broken]) == [false, false, false, false, false, true]
        )
        #expect(looks(Array(repeating: .silent, count: 12)) == Array(repeating: false, count: 11) + [true])
        #expect(looks([.broken, .silent, .broken]) == [false, false, false])
    }

    @Test func `each new start that does not help doubles the time to the next, up to half an hour`() {
        var watch = ServiceConditionWatch()
        func looksUntilRestart(_ condition: ServiceCondition) -> Int {
            var count = 1
            while !watch.note(condition), count < 1_000 { count += 1 }
            watch.noteRestart()
            return count
        }
        #expect((0..<9).map { _ in looksUntilRestart(.broken) } == [3, 6, 12, 24, 48, 96, 192, 360, 360])
        #expect(watch.restarts == 9)
        // A process that is away for a while, and one sound look after its start, prove nothing.
        watch.reset()
        _ = watch.note(.sound)
        #expect(looksUntilRestart(.broken) == 360)
        for _ in 0..<3 { _ = watch.note(.sound) }
        #expect(looksUntilRestart(.silent) == 12)
        #expect(looksUntilRestart(.silent) == 24)
    }
}

struct RestartAfterGoodRunTests {
    @Test func `what has run well is back within seconds, however often it is killed`() {
        var backoff = RestartBackoff()
        _ = backoff.delay(afterLivingFor: .seconds(11))
        let waits = (0..<20).map { _ in backoff.delay(afterLivingFor: .milliseconds(100)) }
        #expect(waits.max() == .seconds(4))
        var never = RestartBackoff()
        #expect((0..<20).map { _ in never.delay(afterLivingFor: .zero) }.max() == .seconds(30))
    }
}
