@testable import flotilla
import FlotillaModules
import FlotillaOperations
import FlotillaStorage
import FlotillaTestSupport

extension FleetProgram {
    /// Every table of the program as it is composed.
    static func schema() throws -> [SchemaModule] {
        let program = Flotilla.program
        return program.schema(try .of(program))
    }
}

extension Configuration {
    /// One without any variable set.
    static func of(_ program: FleetProgram, _ environment: [String: String] = [:]) throws -> Configuration {
        try Configuration(
            environment: environment,
            currentFolder: "/nowhere",
            settings: program.modules.flatMap { $0.settings }
        )
    }
}

extension TestDatabase {
    /// - Parameter migrated: whether all tables are made.
    static func with<R>(
        size: Int = 4,
        migrated: Bool,
        _ change: (inout PostgresConfiguration) -> Void = { _ in },
        _ body: (TestDatabase) async throws -> R
    ) async throws -> R {
        try await with(size: size, schema: migrated ? FleetProgram.schema() : [], change, body)
    }
}
