@testable import FlotillaNotifications
import FlotillaOutbound
import FlotillaPlatform
import Testing

struct NotificationConfigurationTests {
    @Test func `the defaults are valid, and write files`() {
        let configuration = NotificationConfiguration(folder: "/tmp/mail")
        #expect(configuration.validate().isEmpty)
    }

    @Test func `every problem is reported, with its field`() {
        var configuration = NotificationConfiguration(
            folder: "",
            mailFrom: "Flotilla <no-reply>",
            publicURL: "example.org"
        )
        configuration.smtpURL = Secret("smtp://u:hunter2@mail.example.org?tls=none")
        configuration.mailAPIURL = "http://api.example.org"
        configuration.smsAPIURL = "ftp://api.example.org"
        configuration.smsAPIAccount = "../x"
        configuration.emailProviders = ["smtp", "pigeon", "smtp"]
        configuration.smsProviders = []
        configuration.rates = ["smtp": 0, "pigeon": 5]
        configuration.smtpConnections = 0
        let problems = configuration.validate()
        #expect(Set(problems.map(\.field)) == Set(NotificationConfiguration.Field.allCases))
        #expect(problems.allSatisfy { !$0.description.contains("hunter2") })
    }

    @Test func `a provider that is asked for needs its URL`() {
        var configuration = NotificationConfiguration(folder: "/tmp/mail")
        configuration.emailProviders = ["mail-api", "file"]
        configuration.smsProviders = ["sms-api"]
        #expect(configuration.validate().map(\.field) == [.emailProviders, .smsProviders])
        configuration.mailAPIURL = "http://api.internal"
        configuration.mailAPIKey = Secret("k")
        configuration.smsProviders = ["sms-file"]
        #expect(configuration.validate().map(\.field) == [.mailAPIURL])
        configuration.plaintextHosts = ["api.internal"]
        #expect(configuration.validate().isEmpty)
    }

    @Test(
        arguments: [
            ("a@b.c", nil, "a@b.c"), ("Flotilla <a@b.c>", "Flotilla", "a@b.c"),
            ("\"Événements, Paris\" <a@b.c>", "Événements, Paris", "a@b.c"),
            ("  <a@b.c> ", nil, "a@b.c"),
        ]
    )
    func `the sender is a name and an address`(text: String, name: String?, address: String) throws {
        let sender = try NotificationConfiguration(folder: "/tmp/mail", mailFrom: text).sender()
        #expect(sender.name == name)
        #expect(sender.address == address)
    }
}
