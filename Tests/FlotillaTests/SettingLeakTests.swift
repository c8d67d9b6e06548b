@testable import flotilla
import FlotillaModules
import FlotillaOperations
import Foundation
import Testing

/// Addresses with a password, in every setting: it is in no table and in no message.
struct SettingLeakTests {
    /// Forms in which a password may be written wrongly, and one that is right. All hold `cretPW`.
    private static let passwords = [
        "se@cretPW", "s%zzecretPW", "s%00ecretPW", "se/cretPW", "se#cretPW", "se?cretPW", "se:cretPW", "se,cretPW",
        "se cretPW", "se%40cretPW",
    ]

    /// What domains look for beside the setting in question, so that they come to its value.
    private static let companions = [
        "FLOTILLA_HOME": "/nonexistent", "FLOTILLA_TEMPLATES": "/nonexistent", "FLOTILLA_QUEUES": "/nonexistent",
        "FLOTILLA_JWT_ISSUER": "issuer", "FLOTILLA_CORE_SECRET": "whsec_c2VjcmV0",
        "FLOTILLA_TICKETS_S3_KEY_ID": "id", "FLOTILLA_TICKETS_S3_SECRET": "secret",
    ]

    private static let declared = Flotilla.program.settings

    private static func scheme(of setting: String) -> String {
        switch setting {
        case "RABBITMQ_URL": "amqp"
        case "DATABASE_URL", "DATABASE_DIRECT_URL": "postgresql"
        case "REDIS_URL": "redis"
        case "SMTP_URL": "smtp"
        default: "https"
        }
    }

    /// All that is said of a setting: the problem that the start ends with, or the doctor's table and its findings.
    private static func said(_ name: String, _ value: String) async throws -> String {
        do throws(ConfigurationError) {
            let configuration = try Configuration(
                environment: companions.merging([name: value]) { $1 },
                currentFolder: "/nonexistent",
                settings: Flotilla.program.modules.flatMap { $0.settings }
            )
            var lines = declared.map { configuration.display(of: $0) }
            lines += await Flotilla.program.mistakes(configuration)
            for use in [
                { _ = try configuration.postgres() }, { _ = try configuration.rabbitMQ() },
                { _ = try configuration.redis() }, { _ = try configuration.management() },
                { _ = try configuration.masterKeyring() },
            ] as [() throws -> Void] {
                do { try use() } catch { lines.append("\(error)") }
            }
            return lines.joined(separator: "\n")
        } catch { return error.description }
    }

    @Test(arguments: declared.map(\.name))
    func `a password in an address is shown nowhere`(_ name: String) async throws {
        for password in Self.passwords {
            let url = "\(Self.scheme(of: name))://user:\(password)@localhost:1/x"
            for value in [url, "worker=\(url)", "a,\(url)"] {
                let said = try await Self.said(name, value)
                #expect(!said.contains("cretPW"), "\(name)=\(value): \(said)")
            }
        }
    }

    /// Where addresses are expected, and only there, a text without `://` is one too.
    @Test(
        arguments: declared.map(\.name).filter { name in
            name.hasSuffix("_URL")
                || ["PROBES", "PRIVATE", "JWKS", "ORIGIN", "ADDRESSES", "PLAINTEXT"].contains { name.hasSuffix($0) }
        }
    )
    func `nor is one in an address without a scheme`(_ name: String) async throws {
        for password in Self.passwords {
            for value in ["user:\(password)@localhost:1", "worker=user:\(password)@localhost:1"] {
                let said = try await Self.said(name, value)
                #expect(!said.contains("cretPW"), "\(name)=\(value): \(said)")
            }
        }
    }

    @Test(arguments: [
        ("https://user:pw@host/x", "https://…@host/x"), ("worker=http://u:p@h:1", "worker=http://…@h:1"),
        ("https://u:p/a@ss@host", "https://…@host"), ("u:p@h:1", "…@h:1"), ("https://host/x", "https://host/x"),
        ("Flotilla <no-reply@localhost>", "Flotilla <no-reply@localhost>"), ("ops/templates", "ops/templates"),
    ])
    func `only what may be a user and a password is hidden`(text: String, shown: String) {
        #expect(Credentials.hidden(in: text) == shown)
    }

    @Test(arguments: ["DATABASE_URL", "DATABASE_DIRECT_URL"])
    func `an address that programs read in different ways is refused with what to write`(name: String) async throws {
        for password in ["se@cretPW", "se%zzcretPW", "se%00cretPW", "se%", "se%4"] {
            let said = try await Self.said(name, "postgresql://user:\(password)@localhost:1/x")
            #expect(
                said == "\(name) has to be a URL such as postgres://host; "
                    + "/ ? # @ % in a user or password are written %2F %3F %23 %40 %25"
            )
        }
        #expect(try await !Self.said(name, "postgresql://user:se%40%25cret@localhost:1/x").contains("has to be"))
    }
}
