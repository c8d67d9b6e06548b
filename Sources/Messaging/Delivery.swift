package import FlotillaModels

/// One message taken off a queue. Only the runtime settles it.
///
/// A class, since it is passed along by every stage and never changes.
package final class Delivery: Sendable {
    package let message: Message
    package let queue: String
    package let exchange: String
    package let routingKey: String
    package let isRedelivered: Bool
    package let token: DeliveryToken
    /// Where the bytes of the body, and of what it is unpacked to, are counted; `nil` for a small body, which is not.
    private let account: BodyBudget.Account?
    /// What is counted for the body.
    private let charge: BodyBudget.Charge?

    package convenience init(
        message: Message,
        queue: String,
        exchange: String,
        routingKey: String,
        isRedelivered: Bool,
        token: DeliveryToken
    ) {
        self.init(
            message: message,
            queue: queue,
            exchange: exchange,
            routingKey: routingKey,
            isRedelivered: isRedelivered,
            token: token,
            account: nil
        )
    }

    init(
        message: Message,
        queue: String,
        exchange: String,
        routingKey: String,
        isRedelivered: Bool,
        token: DeliveryToken,
        account: BodyBudget.Account?
    ) {
        self.message = message
        self.queue = queue
        self.exchange = exchange
        self.routingKey = routingKey
        self.isRedelivered = isRedelivered
        self.token = token
        self.account = account
        charge = account.map { BodyBudget.Charge($0, message.body.count) }
    }

    package var isCounted: Bool { account != nil }

    /// Counts the body no longer, although somebody may hold the delivery still: it is settled.
    package func releaseBody() { charge?.release() }

    /// Counts what is made of the body beside it; `nil` where bodies are not counted.
    package func charge(_ bytes: Int) -> BodyBudget.Charge? { account.map { BodyBudget.Charge($0, bytes) } }
}
