import Testing

extension FleetTests {
    @Test(
        arguments: [
            ["webhook", "log", "nosuch"], ["queue", "list", "--worker", "nosuch"],
            ["dlq", "requeue", "--group", "nosuch", "--yes"], ["dlq", "requeue", "--group", "nosuch", "--dry-run"],
            ["dlq", "peek", "nosuch"], ["dlq", "list", "--queue", "nosuch"],
            ["dlq", "groups", "--queue", "nosuch.dlq"],
            ["dlq", "requeue", "--queue", "nosuch", "--dry-run"], ["dlq", "requeue", "--queue", "nosuch", "--yes"],
        ]
    )
    func `a name that nothing has is an error, not an empty answer`(words: [String]) async throws {
        let fleet = try await FleetFixture.current()
        let output = try await fleet.home.run(words, environment: ["FLOTILLA_QUEUES": FleetFixture.queuesFile])
        #expect(output.status == 1 && output.text.isEmpty)
        #expect(output.messages.contains("nosuch"), "\(output.messages)")
    }

    @Test func `a mistyped queue is told from those that look alike, and pages begin behind an id`() async throws {
        let fleet = try await FleetFixture.current()
        let settings = ["FLOTILLA_QUEUES": FleetFixture.queuesFile]
        let mistyped = try await fleet.home.run(["dlq", "peek", "audit.al"], environment: settings)
        #expect(mistyped.messages.contains("did you mean “audit.all”?"), "\(mistyped.messages)")
        let before = try await fleet.home.run(["dlq", "list", "--after", "-1"], environment: settings)
        #expect(before.status == 2 && before.messages.contains("--after"), "\(before.messages)")
    }
}
