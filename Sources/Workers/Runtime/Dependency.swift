/// Something outside the process that messages can need, with a circuit breaker of its own.
public struct Dependency: Sendable, Hashable, CustomStringConvertible {
    public let name: String

    public init(_ name: String) { self.name = name }

    public static let postgres = Dependency("postgres")
    public static let redis = Dependency("redis")

    public var description: String { name }
}
