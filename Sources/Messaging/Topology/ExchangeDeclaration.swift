package import FlotillaModels

/// An exchange to declare, always durable.
package struct ExchangeDeclaration: Sendable, Hashable {
    package var name: String
    package var kind: Exchange.Kind
    /// The exchange that gets what no binding takes; `nil` for none.
    package var alternate: String?

    package init(name: String, kind: Exchange.Kind, alternate: String? = nil) {
        self.name = name
        self.kind = kind
        self.alternate = alternate
    }

    package var arguments: HeaderTable {
        HeaderTable(alternate.map { [.init(name: "alternate-exchange", value: .string($0))] } ?? [])
    }
}
