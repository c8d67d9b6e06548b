@testable import flotilla
import FlotillaCommandLineKit
import FlotillaTestSupport
import FlotillaModules
import FlotillaNotifications
import FlotillaOperations
import FlotillaPlatform
import FlotillaTickets
import Foundation
import Testing

struct ConfigurationTests {
    /// A folder of its own, so that neither a `.env` file nor a home of somebody else is found.
    private static func load(
        _ environment: [String: String],
        file: String? = nil
    ) throws -> Result<Configuration, ConfigurationError> {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        if let file { try Data(file.utf8).write(to: folder.appending(path: ".env")) }
        return Result { () throws(ConfigurationError) in
            try Configuration(
                environment: environment,
                currentFolder: folder.path,
                settings: Flotilla.program.modules.flatMap { $0.settings }
            )
        }
    }

    @Test func `the environment wins over the file, and the file over the default`() throws {
        let file = "PORT=9000\nFLOTILLA_DRAIN_TIMEOUT=5s\n"
        let configuration = try Self.load(["PORT": "9001"], file: file).get()
        #expect(configuration[Settings.port].number == 9_001)
        #expect(configuration[Settings.drain] == .seconds(5))
        #expect(configuration[Settings.inboxRetention] == .seconds(14 * 86_400))
        #expect(configuration.source(of: Settings.port) == .environment)
        #expect(configuration.source(of: Settings.drain) == .file)
        #expect(configuration.source(of: Settings.inboxRetention) == .standard)
        #expect(configuration.source(of: Settings.database) == .absent)
    }

    @Test func `tickets have the fleet's time zone unless they have one of their own`() throws {
        let zones = ["FLOTILLA_TIME_ZONE": "Europe/Paris", "FLOTILLA_TICKETS_TIME_ZONE": "Asia/Tokyo"]
        #expect(try Self.load([:]).get().tickets().timeZone == "UTC")
        #expect(try Self.load(zones.filter { $0.value == "Europe/Paris" }).get().tickets().timeZone == "Europe/Paris")
        #expect(try Self.load(zones).get().tickets().timeZone == "Asia/Tokyo")
        #expect(throws: ConfigurationError.self) { try Self.load(["FLOTILLA_TIME_ZONE": "CEST"]).get() }
    }

    @Test func `a job's record must not be forgotten before its message`() throws {
        let problem = "FLOTILLA_JOB_RETENTION must not be less than FLOTILLA_INBOX_RETENTION (14d)"
        let error = #expect(throws: ConfigurationError.self) {
            try Self.load(["FLOTILLA_JOB_RETENTION": "13d"]).get()
        }
        #expect(error?.problems == [problem])
        _ = try Self.load(["FLOTILLA_JOB_RETENTION": "14d"]).get()
        _ = try Self.load(["FLOTILLA_JOB_RETENTION": "1d", "FLOTILLA_INBOX_RETENTION": "1d"]).get()
    }

    @Test func `all problems are reported at once`() throws {
        let result = try Self.load(
            ["PORT": "99999", "FLOTILLA_LOG_LEVEL": "loud", "RABBITMQ_URL": "amqp://u:secret@mq.example.com"],
            file: "not a line\n"
        )
        guard case .failure(let error) = result else {
            Issue.record("accepted")
            return
        }
        #expect(error.problems.count == 4)
        #expect(error.description.contains(".env:1:"))
        #expect(error.description.contains("PORT has to be a port between 1 and 65535"))
        #expect(error.description.contains("one of debug, info, warning, error"))
        #expect(error.description.contains("unencrypted to mq.example.com"))
        #expect(!error.description.contains("secret"))
    }

    @Test func `unknown names of ours are warned about, with the likely one`() throws {
        let configuration = try Self.load(["FLOTILLA_DRAIN_TIMEOT": "5s", "OTHER": "x"]).get()
        #expect(
            configuration.warnings == ["FLOTILLA_DRAIN_TIMEOT is not a setting, did you mean “FLOTILLA_DRAIN_TIMEOUT”?"]
        )
    }

    @Test(
        arguments: [
            ("RABBITMQ_URL", "amqp://mq.example.com"), ("DATABASE_URL", "postgresql://u@db.example.com/x"),
            ("DATABASE_URL", "postgresql://u@/x?host=/run/pg,db.example.com"),
            ("DATABASE_URL", "postgresql://u@db.example.com/x?sslmode=prefer"),
            ("REDIS_URL", "redis://cache.example.com:6379"), ("REDIS_URL", "rediss://localhost"),
            ("RABBITMQ_URL", "http://localhost"), ("RABBITMQ_URL", "localhost:5672"),
            ("RABBITMQ_MANAGEMENT_URL", "http://mq.example.com:15672"),
            ("SMTP_URL", "smtp://u:p@mail.example.com?tls=none"), ("SMTP_URL", "mail.example.com"),
            ("MAIL_API_URL", "http://api.example.com"), ("SMS_API_URL", "http://api.example.com"),
        ]
    )
    func `an address that would send secrets in the clear, or can't work, is refused`(
        name: String,
        url: String
    ) throws {
        let result = try Self.load([name: url])
        #expect(throws: ConfigurationError.self) { try result.get() }
    }

    @Test(
        arguments: [
            ("RABBITMQ_URL", "amqp://127.0.0.1:5672/%2f"), ("RABBITMQ_URL", "amqps://mq.example.com"),
            ("RABBITMQ_URL", "amqp://[::1]:5672"), ("DATABASE_URL", "postgresql://u@/x?host=/run/pg"),
            ("DATABASE_URL", "postgresql:///x"), ("REDIS_URL", "unix:///tmp/r.sock"),
            ("DATABASE_URL", "postgres://u@db.example.com/x?sslmode=verify-full"), ("REDIS_URL", "redis://localhost/1"),
            ("RABBITMQ_URL", "amqp://mq.internal"), ("SMTP_URL", "smtp://u:p@mail.example.com"),
            ("SMTP_URL", "smtps://u:p@mail.example.com"), ("SMTP_URL", "smtp://127.0.0.1:2525?tls=none"),
            ("SMTP_URL", "smtp://mq.internal?tls=none"), ("MAIL_API_URL", "https://api.example.com"),
            ("SMS_API_URL", "http://127.0.0.1:9000"),
        ]
    )
    func `local, encrypted and explicitly allowed addresses are accepted`(name: String, url: String) throws {
        let environment = [name: url, "FLOTILLA_ALLOW_PLAINTEXT": "db.internal, mq.internal"]
        #expect(throws: Never.self) { try Self.load(environment).get() }
    }

    @Test func `rates are names with a number each`() throws {
        let configuration = try Self.load(["FLOTILLA_PROVIDER_RATES": "smtp=50, mail-api=0.5"]).get()
        #expect(configuration[Settings.providerRates]?.rates == ["smtp": 50, "mail-api": 0.5])
        for text in ["smtp", "smtp=", "smtp=fast", "smtp=0", "smtp=-1", "smtp=inf", "smtp=1,smtp=2", "=5"] {
            let result = try Self.load(["FLOTILLA_PROVIDER_RATES": text])
            #expect(throws: ConfigurationError.self) { try result.get() }
        }
    }

    @Test(
        arguments: [
            ("FLOTILLA_LIST_TIMEOUT", "25d", "from 100ms to 10m"), ("FLOTILLA_LIST_TIMEOUT", "0s", "from 100ms to 10m"),
            ("FLOTILLA_CONNECTIONS_PER_ADDRESS", "-1", "from 0 to 1000000"),
            ("FLOTILLA_INBOX_RETENTION", "0s", "from 1m to 3650d"),
            ("FLOTILLA_TRANSACTION_TIMEOUT", "0s", "from 100ms to 1h"),
            ("FLOTILLA_BODY_BUDGET", "9223372036854775807", "from 1MiB to 1024GiB"),
            ("FLOTILLA_SCAN_FORGED_BURST", "0", "from 1 to 1000000"),
            ("FLOTILLA_TICKETS_THREADS", "257", "from 1 to 256"),
            ("FLOTILLA_EXPIRY_NOTICES", "7d,0s", "from 1m to 3650d"),
        ]
    )
    func `a value out of its range is refused in a line with the range`(name: String, text: String, range: String)
        throws
    {
        let error = #expect(throws: ConfigurationError.self) { try Self.load([name: text]).get() }
        let problem = try #require(error?.problems.first)
        #expect(error?.problems.count == 1)
        #expect(
            problem.hasPrefix("\(name) has to be ") && problem.contains(range) && !problem.contains("\n"),
            "\(problem)"
        )
    }

    @Test func `every duration, count and size has a range, and its default is in it`() throws {
        for setting in Flotilla.program.settings {
            let isMeasured = [Duration.expectation, Int.expectation, ByteCount.expectation]
                .contains { setting.expectation.hasPrefix($0) }
            #expect(!isMeasured || setting.range != nil, "\(setting.name)")
            if setting.range != nil, setting.defaultValue != nil {
                #expect(setting.parse(setting.defaultText) != nil, "\(setting.name)")
            }
        }
    }

    @Test func `what is shown of an address has no credentials`() throws {
        let configuration = try Self.load(["RABBITMQ_URL": "amqp://bob:hunter2@localhost:5672/%2f"]).get()
        #expect(configuration.display(of: Settings.rabbitMQ) == "amqp://localhost:5672")
        #expect("\(configuration[Settings.rabbitMQ] as Any)".contains("hunter2") == false)
    }

    @Test func `the documentation has the table of settings as it is`() throws {
        let text = try String(contentsOf: Repository.file("docs/05-configuration.md"), encoding: .utf8)
        let table = Settings.markdown(Flotilla.program.settings)
        #expect(text.contains(table), "replace the table in docs/05-configuration.md by:\n\(table)")
    }
}
