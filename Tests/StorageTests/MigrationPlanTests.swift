import Testing

@testable import Storage

struct MigrationPlanTests {
    private let steps = [
        Migration(number: 1, name: "one", sql: "SELECT 1"), Migration(number: 2, name: "two", sql: "SELECT 2"),
    ]

    private func applied(_ migration: Migration) -> AppliedMigration {
        AppliedMigration(number: migration.number, name: migration.name, checksum: migration.checksum)
    }

    @Test func `what is not applied is pending, in order`() throws {
        #expect(try MigrationPlan.pending(steps, after: []) == steps)
        #expect(try MigrationPlan.pending(steps, after: [applied(steps[0])]) == [steps[1]])
        #expect(try MigrationPlan.pending(steps, after: [applied(steps[1]), applied(steps[0])]).isEmpty)
    }

    @Test func `an applied step that was edited is named`() {
        let edited = AppliedMigration(number: 1, name: "one", checksum: [0])
        let error = #expect(throws: MigrationError.self) { try MigrationPlan.pending(steps, after: [edited]) }
        #expect(error?.code == .checksumChanged)
        #expect(error?.operation == "migration 0001_one")
    }

    @Test func `a database that is newer than the program is refused`() {
        let future = AppliedMigration(number: 3, name: "three", checksum: [])
        let error = #expect(throws: MigrationError.self) {
            try MigrationPlan.pending(steps, after: steps.map(applied) + [future])
        }
        #expect(error?.code == .unknownStep)
    }

    @Test func `a gap among the applied steps is refused`() {
        let error = #expect(throws: MigrationError.self) {
            try MigrationPlan.pending(steps, after: [applied(steps[1])])
        }
        #expect(error?.code == .outOfOrder)
    }

    @Test func `the steps of this program are numbered from 1 without gaps`() throws {
        #expect(try MigrationPlan.pending(Migrations.all, after: []).count == Migrations.all.count)
    }
}
