package import FlotillaModels

/// A queue to declare, always durable.
package struct QueueDeclaration: Sendable, Hashable {
    package var name: String
    package var arguments: HeaderTable

    package init(name: String, arguments: HeaderTable) {
        self.name = name
        self.arguments = arguments
    }
}
