/// A service that carries notifications to people: a mail server, a mail or SMS API, a folder.
protocol NotificationProvider<Content>: Sendable {
    associatedtype Content: Sendable

    /// The name in configuration, metrics and records: `smtp`.
    var name: String { get }

    func send(_ content: Content) async -> ProviderResult

    /// Whether it can be reached, found out without sending anything.
    func isReachable() async -> Bool

    /// Whether a probe that succeeds shows that notifications are taken: it takes the same way as they do.
    var probeIsConclusive: Bool { get }
}

extension NotificationProvider {
    var probeIsConclusive: Bool { false }
}

extension Duration {
    /// What an API may take for one notification. Who gives up too early sends it twice.
    static let notificationRequest = Duration.seconds(60)
}
