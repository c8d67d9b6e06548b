import FlotillaNotifications
import FlotillaOutbound
import FlotillaPlatform
import FlotillaTelemetry
import FoundationEssentials

/// Gives mails to a mail server as the notifications worker does: the chain of providers, with sessions that are kept.
struct MailBench {
    private let configuration: NotificationConfiguration
    private let parts: MailParts
    private let count: Int
    /// Mails at a time: the concurrency of a queue.
    private let senders: Int

    init(_ options: Options) throws {
        var configuration = NotificationConfiguration(
            folder: FileManager.default.temporaryDirectory.path(),
            mailFrom: "Flotilla <no-reply@example.org>"
        )
        configuration.smtpURL = Secret(try options.text("url"))
        configuration.smtpAuthorities = try options.text("authority")
        configuration.smtpConnections = try options.number("sessions", default: configuration.smtpConnections)
        self.configuration = configuration
        parts = try MailParts(file: options.text("parts"))
        count = try options.number("count", default: 2_000)
        senders = try options.number("concurrency", default: 16)
    }

    /// The clock runs from before the first session is opened to the last answer.
    func run() async throws -> RunReport {
        let log = Log(service: "bench", threshold: .warning)
        let chains = try NotificationChains(configuration, metrics: Metrics(), log: log)
        let begin = Moment.now()
        let sum: Int
        do {
            sum = try await send(by: chains)
        } catch {
            await chains.close()
            throw error
        }
        let end = Moment.now()
        await chains.close()
        return RunReport(count: count, sum: sum, begin: begin, end: end)
    }

    /// Always as many at a time as there are senders; gives the sum of the numbers of the mails that were taken.
    private func send(by chains: NotificationChains) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { tasks in
            var sum = 0
            for number in 0..<count {
                if number >= senders { sum += try await tasks.next() ?? 0 }
                tasks.addTask { try await send(number, by: chains) }
            }
            return try await tasks.reduce(sum, +)
        }
    }

    private func send(_ number: Int, by chains: NotificationChains) async throws -> Int {
        let mail = parts.mail(number, from: chains.mailFrom)
        try mail.check()
        let answer = await chains.email.send(mail)
        guard case .accepted = answer else { throw BenchError("mail \(number): \(answer)") }
        return number
    }
}
