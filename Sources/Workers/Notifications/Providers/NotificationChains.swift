package import FlotillaOutbound
package import FlotillaStorage
package import FlotillaTelemetry

/// The ways out of a process: a chain of providers for each channel that leaves the house.
package final class NotificationChains: Sendable {
    package let email: ProviderChain<MailMessage>
    package let sms: ProviderChain<TextMessage>
    /// The sender of mails.
    package let mailFrom: MailMessage.Mailbox
    private let engine: TransferEngine?
    private let smtp: SMTPClient?

    /// What a configuration lacks.
    package struct ConfigurationError: Error, Sendable, CustomStringConvertible {
        package let problems: [NotificationConfiguration.Problem]

        package var description: String { problems.map(\.description).joined(separator: "\n") }
    }

    /// Connects when something is sent. Whoever makes it calls ``close()`` in the end.
    ///
    /// - Parameter redis: where rates are shared with other processes; without it each process has them for itself.
    /// - Throws: all problems of the configuration.
    package init(
        _ configuration: NotificationConfiguration,
        redis: RedisClient? = nil,
        metrics: Metrics,
        log: Log
    ) throws(ConfigurationError) {
        let problems = configuration.validate()
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        do throws(FieldError) {
            mailFrom = try configuration.sender()
        } catch {
            throw ConfigurationError(problems: [.init(field: .mailFrom, detail: error.problem)])
        }
        var parts = Parts(configuration)
        let mails = try parts.emailProviders()
        let texts = parts.smsProviders()
        (engine, smtp) = (parts.engine, parts.smtp)
        let rateLimiters = configuration.rates.reduce(into: [String: ProviderRateLimiter]()) { rateLimiters, entry in
            let shared = redis.map { RateLimits($0) }
            rateLimiters[entry.key] = ProviderRateLimiter(
                name: "provider:\(entry.key)",
                rate: entry.value,
                shared: shared
            )
        }
        email = ProviderChain(.email, providers: mails, rateLimiters: rateLimiters, metrics: metrics, log: log)
        sms = ProviderChain(.sms, providers: texts, rateLimiters: rateLimiters, metrics: metrics, log: log)
    }

    /// Aborts what is being sent, closes the sessions with QUIT, and ends the threads.
    package func close() async {
        await smtp?.close()
        await engine?.close()
    }
}

extension NotificationChains {
    /// Makes providers and what they share.
    private struct Parts {
        private let configuration: NotificationConfiguration
        private(set) var engine: TransferEngine?
        private(set) var smtp: SMTPClient?

        init(_ configuration: NotificationConfiguration) { self.configuration = configuration }

        mutating func emailProviders() throws(ConfigurationError) -> [any NotificationProvider<MailMessage>] {
            var providers: [any NotificationProvider<MailMessage>] = []
            for name in emailOrder {
                switch NotificationConfiguration.EmailProvider(rawValue: name) {
                case .smtp?: if let client = try smtpClient() { providers.append(SMTPProvider(client: client)) }
                case .mailAPI?:
                    guard let url = configuration.mailAPIURL, let key = configuration.mailAPIKey else { continue }
                    providers.append(MailAPIProvider(client: httpClient(), url: url.withoutSlash, key: key))
                case .file?: providers.append(FileProvider<MailMessage>.mail(to: configuration.folder))
                case nil: continue
                }
            }
            return providers
        }

        mutating func smsProviders() -> [any NotificationProvider<TextMessage>] {
            let standard = configuration.smsAPIURL == nil ? "sms-file" : "sms-api"
            var providers: [any NotificationProvider<TextMessage>] = []
            for name in configuration.smsProviders ?? [standard] {
                switch NotificationConfiguration.SMSProvider(rawValue: name) {
                case .smsAPI?:
                    guard let url = configuration.smsAPIURL, let account = configuration.smsAPIAccount,
                        let token = configuration.smsAPIToken, let from = configuration.smsFrom
                    else { continue }
                    providers.append(
                        SMSAPIProvider(
                            client: httpClient(),
                            url: url.withoutSlash,
                            account: account,
                            token: token,
                            from: from
                        )
                    )
                case .file?: providers.append(FileProvider<TextMessage>.sms(to: configuration.folder))
                case nil: continue
                }
            }
            return providers
        }

        private var emailOrder: [String] {
            if let order = configuration.emailProviders { return order }
            var order: [String] = []
            if configuration.smtpURL != nil { order.append("smtp") }
            if configuration.mailAPIURL != nil { order.append("mail-api") }
            return order.isEmpty ? ["file"] : order
        }

        private mutating func smtpClient() throws(ConfigurationError) -> SMTPClient? {
            do throws(OutboundError) {
                smtp = try configuration.smtp().map { SMTPClient($0, connections: configuration.smtpConnections) }
                return smtp
            } catch {
                throw ConfigurationError(problems: [.init(field: .smtpURL, detail: error.detail)])
            }
        }

        /// All APIs share one engine.
        private mutating func httpClient() -> HTTPClient {
            let engine = engine ?? TransferEngine(name: "http", connectionsPerServer: 8)
            self.engine = engine
            return HTTPClient(engine)
        }
    }
}

extension String {
    fileprivate var withoutSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
