public import FlotillaStorage
public import FlotillaTelemetry

/// What one domain brings to a process of workers: its tables, its workers, and what runs beside them.
///
/// ```swift
/// struct Greetings: FleetModule {
///     let name = "greetings"
///     let migrations = [Migration(number: 1, name: "greetings", sql: "CREATE TABLE greetings (email text PRIMARY KEY)")]
///
///     func start(in context: ModuleContext) -> ModuleParts { ModuleParts(workers: [WorkerRegistration(Greeter())]) }
/// }
///
/// let fleet = try await Fleet(configuration, modules: [Greetings()])
/// try await fleet.migrate()
/// try await fleet.run()
/// ```
public protocol FleetModule: Sendable {
    /// Lower-case words joined by hyphens, by which the database remembers the module's migrations. It never changes, and
    /// no other module of the same database may have it: begin it with the name of your service.
    var name: String { get }

    /// The steps of the module's schema, in order; none by default.
    var migrations: [Migration] { get }

    /// Called when messages have failed for good; nothing by default.
    var deadLetterObservers: [any DeadLetterObserver] { get }

    /// What the module counts, beside what is counted of every worker; nothing by default.
    var metrics: [MetricDescription] { get }

    /// Makes what the module runs in this process. Called once, before anything is consumed, and before the tables are
    /// brought up to date.
    ///
    /// - Throws: when the process can't start with it; the error is shown to whoever starts it.
    func start(in context: ModuleContext) async throws -> ModuleParts
}

extension FleetModule {
    public var migrations: [Migration] { [] }
    public var deadLetterObservers: [any DeadLetterObserver] { [] }
    public var metrics: [MetricDescription] { [] }

    package var schema: SchemaModule { SchemaModule(name, migrations) }
}
