import Testing

extension FleetTests {
    @Test(
        arguments: [
            ["webhook", "log", "nosuch"], ["queue", "list", "--worker", "nosuch"],
            ["dlq", "requeue", "--group", "nosuch", "--yes"], ["dlq", "requeue", "--group", "nosuch", "--dry-run"],
        ]
    )
    func `a name that nothing has is an error, not an empty answer`(words: [String]) async throws {
        let fleet = try await FleetFixture.current()
        let output = try await fleet.home.run(words, environment: ["FLOTILLA_QUEUES": FleetFixture.queuesFile])
        #expect(output.status == 1 && output.text.isEmpty)
        #expect(output.messages.contains("nosuch"), "\(output.messages)")
    }
}
