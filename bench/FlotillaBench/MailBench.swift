import FoundationEssentials
import Models
import Outbound
import Platform
import Synchronization
import Telemetry
import Workers

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
        let sums: Int
        do {
            sums = try await send(by: chains)
        } catch {
            await chains.close()
            throw error
        }
        let end = Moment.now()
        await chains.close()
        return RunReport(count: count, sum: sums, begin: begin, end: end)
    }

    private func send(by chains: NotificationChains) async throws -> Int {
        let next = Atomic(0)
        return try await withThrowingTaskGroup(of: Int.self) { tasks in
            for _ in 0..<senders {
                tasks.addTask {
                    var sum = 0
                    while true {
                        let number = next.add(1, ordering: .relaxed).oldValue
                        guard number < count else { return sum }
                        let mail = parts.mail(number, from: chains.mailFrom)
                        try mail.check()
                        let answer = await chains.email.send(mail)
                        guard case .accepted = answer else { throw BenchError("mail \(number): \(answer)") }
                        sum += number
                    }
                }
            }
            return try await tasks.reduce(0, +)
        }
    }
}
