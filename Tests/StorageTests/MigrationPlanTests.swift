@testable import FlotillaStorage
import Testing

struct MigrationPlanTests {
    private let steps = [
        Migration(number: 1, name: "one", sql: "SELECT 1"), Migration(number: 2, name: "two", sql: "SELECT 2"),
    ]

    private func pending(_ migrations: [Migration], after applied: [AppliedMigration]) throws -> [Migration] {
        try MigrationPlan.pending([SchemaModule("ours", migrations)], after: applied).map(\.migration)
    }

    private func applied(_ migration: Migration, in module: String = "ours") -> AppliedMigration {
        AppliedMigration(
            module: module,
            number: migration.number,
            name: migration.name,
            checksum: migration.checksum
        )
    }

    @Test func `what is not applied is pending, in order`() throws {
        #expect(try pending(steps, after: []) == steps)
        #expect(try pending(steps, after: [applied(steps[0])]) == [steps[1]])
        #expect(try pending(steps, after: [applied(steps[1]), applied(steps[0])]).isEmpty)
    }

    @Test func `modules are numbered each for itself, and applied in their order`() throws {
        let modules = [SchemaModule("b", steps), SchemaModule("a", steps)]
        let left = try MigrationPlan.pending(modules, after: [applied(steps[0], in: "b"), applied(steps[0], in: "a")])
        #expect(left.map(\.label) == ["b 0002_two", "a 0002_two"])
    }

    @Test func `what a database has of other modules is not looked at`() throws {
        let stranger = AppliedMigration(module: "theirs", number: 7, name: "seven", checksum: [])
        #expect(try pending(steps, after: [stranger]) == steps)
    }

    @Test func `two modules of one name are refused`() {
        let modules = [SchemaModule("ours", steps), SchemaModule("ours", [])]
        let error = #expect(throws: MigrationError.self) { try MigrationPlan.pending(modules, after: []) }
        #expect(error?.code == .outOfOrder)
    }

    @Test func `an applied step that was edited is named`() {
        let edited = AppliedMigration(module: "ours", number: 1, name: "one", checksum: [0])
        let error = #expect(throws: MigrationError.self) { try pending(steps, after: [edited]) }
        #expect(error?.code == .checksumChanged)
        #expect(error?.operation == "migration ours 0001_one")
    }

    @Test func `a database that is newer than the program is refused`() {
        let future = AppliedMigration(module: "ours", number: 3, name: "three", checksum: [])
        let error = #expect(throws: MigrationError.self) {
            try pending(steps, after: steps.map { applied($0) } + [future])
        }
        #expect(error?.code == .unknownStep)
    }

    @Test func `a gap among the applied steps is refused`() {
        let error = #expect(throws: MigrationError.self) { try pending(steps, after: [applied(steps[1])]) }
        #expect(error?.code == .outOfOrder)
    }
}
