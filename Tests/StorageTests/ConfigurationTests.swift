@testable import FlotillaStorage
import Testing

struct PostgresConfigurationTests {
    @Test func `hosts and TLS mode are read from every form that libpq takes`() throws {
        let url = try PostgresConfiguration(url: "postgresql://u:p@db1:5433,db2/app?sslmode=verify-full")
        #expect(url.hosts == ["db1", "db2"])
        #expect(url.sslMode == "verify-full")
        #expect(try PostgresConfiguration(url: "host=/run/pg dbname=app").hosts == ["/run/pg"])
        #expect(try PostgresConfiguration(url: "postgresql:///app").hosts.isEmpty)
    }

    @Test(
        arguments: [
            "postgresql://user:se@cretPW@localhost:1/x", "postgresql://user:se%zzcretPW@localhost:1/x",
            "postgresql://user:se%00cretPW@localhost:1/x", "postgresql://user:se/cretPW@localhost:1/x",
            "postgresql://user:se#cretPW@localhost:1/x", "postgresql://user:se?cretPW@localhost:1/x",
            "postgresql://localhost/x?password=se&cretPW=1", "postgresql://localhost/x?password=se=cretPW",
            "host=localhost password='secretPW", "host=localhost password=se cretPW",
        ]
    )
    func `a URL that libpq may read in another way is refused, and nothing of it is shown`(url: String) {
        for direct in [nil, url] {
            let error = #expect(throws: PostgresError.self) {
                try PostgresConfiguration(url: direct == nil ? url : "postgresql://h/d", directURL: direct)
            }
            #expect(error?.description.contains(direct == nil ? "DATABASE_URL" : "DATABASE_DIRECT_URL") == true)
            #expect(error?.description.contains("cretPW") == false)
            #expect(error?.detail.contains("%40") == true)
        }
    }

    @Test func `what libpq says of a connection is shown without the password`() throws {
        let configuration = try PostgresConfiguration(url: "postgresql://user:cret%40PW@localhost/x")
        #expect(configuration.withoutSecrets("no host “cret@PW”, user “user”") == "no host “…”, user “user”")
        // A name that everybody knows is no secret, and messages without it would say nothing.
        let usual = try PostgresConfiguration(url: "postgresql://postgres:postgres@localhost/x")
        #expect(usual.withoutSecrets("role \"postgres\" does not exist") == "role \"postgres\" does not exist")
    }

    @Test func `a configuration can't be printed with its password`() throws {
        let postgres = try PostgresConfiguration(url: "postgresql://u:hunter2@db/app")
        let redis = try RedisConfiguration(url: "redis://u:hunter2@db/0")
        for text in ["\(postgres)", String(reflecting: postgres), "\(redis)", String(reflecting: redis)] {
            #expect(!text.contains("hunter2"))
        }
        var dumped = ""
        dump(postgres, to: &dumped)
        dump(redis, to: &dumped)
        #expect(!dumped.contains("hunter2"))
    }
}

struct RedisConfigurationTests {
    @Test(
        arguments: [
            ("redis://cache", .tcp(host: "cache", port: 6_379), 0),
            ("redis://cache:7000/3", .tcp(host: "cache", port: 7_000), 3),
            ("redis://[::1]:7000", .tcp(host: "::1", port: 7_000), 0),
            ("redis://[::1]/2", .tcp(host: "::1", port: 6_379), 2),
            ("unix:///run/redis.sock", .unix(path: "/run/redis.sock"), 0),
            ("redis+unix:///run/redis.sock?db=4", .unix(path: "/run/redis.sock"), 4),
        ] as [(String, RedisConfiguration.Endpoint, Int)]
    )
    func `a URL names an endpoint and a database`(
        _ url: String,
        _ endpoint: RedisConfiguration.Endpoint,
        _ database: Int
    )
        throws
    {
        let configuration = try RedisConfiguration(url: url)
        #expect(configuration.endpoint == endpoint)
        #expect(configuration.database == database)
    }

    @Test func `credentials are read with their percent escapes`() throws {
        let configuration = try RedisConfiguration(url: "redis://me:p%40ss%3A@cache")
        #expect(configuration.user == "me")
        #expect(configuration.password == "p@ss:")
        #expect(try RedisConfiguration(url: "redis://:secret@cache").user == nil)
        #expect(try RedisConfiguration(url: "redis://:secret@cache").password == "secret")
    }

    @Test(arguments: [
        "cache:6379", "http://cache", "redis://cache:port", "redis://cache/x", "unix://relative", "redis://a:%zz@b",
    ])
    func `a broken URL is refused`(_ url: String) {
        let error = #expect(throws: RedisError.self) { try RedisConfiguration(url: url) }
        #expect(error?.code == .invalidURL)
    }

    @Test func `only a pooler without a way past it has no sessions to give`() throws {
        let url = "postgresql://pooler/app"
        #expect(try PostgresConfiguration(url: url).withOwnSessions?.hosts == ["pooler"])
        #expect(try PostgresConfiguration(url: url, pooler: .transaction).withOwnSessions == nil)
        var configuration = try PostgresConfiguration(url: url, pooler: .transaction, directURL: "postgresql://db/app")
        configuration.statementTimeout = .seconds(7)
        let direct = try #require(configuration.withOwnSessions)
        #expect(direct.hosts == ["db"])
        #expect(direct.pooler == .none)
        #expect(direct.statementTimeout == .seconds(7))
    }

    @Test func `a direct address is read at once`() {
        let error = #expect(throws: PostgresError.self) {
            try PostgresConfiguration(url: "postgresql://db/app", directURL: "postgresql://h/d?colour=1")
        }
        #expect(error?.operation.contains("DATABASE_DIRECT_URL") == true)
    }
}
