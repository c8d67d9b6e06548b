import FlotillaModels
import CFlotillaRabbitMQ

/// What is bound to what: a queue or an exchange to an exchange.
struct Binding {
    enum Kind { case queue, exchange }

    let kind: Kind
    let destination: String
    let source: String
    let routingKey: String
    let arguments: HeaderTable
}
