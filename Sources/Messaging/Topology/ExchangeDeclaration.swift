package import FlotillaModels

/// An exchange to declare, always durable.
package struct ExchangeDeclaration: Sendable, Hashable {
    package var name: String
    package var kind: Exchange.Kind

    package init(name: String, kind: Exchange.Kind) {
        self.name = name
        self.kind = kind
    }
}
