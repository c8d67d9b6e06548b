public import FlotillaStorage
public import Workers

/// What the greetings bring to a process of workers: their worker, and the table that it writes.
public struct GreetingsModule: FleetModule {
    public let name = "greetings"

    /// A released step never changes; the next change of the table is number 2.
    public let migrations = [
        Migration(
            number: 1,
            name: "greetings",
            sql: "CREATE TABLE greetings (email text PRIMARY KEY, text text NOT NULL)"
        )
    ]

    public init() {}

    public func start(in context: ModuleContext) -> ModuleParts {
        ModuleParts(workers: [WorkerRegistration(Greeter())])
    }
}
