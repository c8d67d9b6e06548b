import Foundation
import Testing

extension FleetTests {
    @Test(arguments: [["topology", "plan"], ["worker"]])
    func `a queue file with five mistakes is refused with all five and their lines`(command: [String]) async throws {
        let fleet = try await FleetFixture.current()
        let file = """
            version: 1
            namespace: fleet
            exchanges:
              topic:  { name: fleet.topic,  type: topic }
              direct: { name: fleet.direct, type: direct }
              fanout: { name: fleet.fanout, type: fanout }
            delay: { unit: 100ms, levels: 24 }
            defaults:
              prefetch: 70000
            queues:
              audit.all:
                worker: audit
                bind: [ { exchange: nowhere, key: "#" } ]
                timeout: soon
              subscription.profile.viewed:
                worker: quota
                bind: [ { exchange: topic, key: profile.viewed } ]
                type: stream
                colour: blue
            """
        let path = fleet.home.path + "/broken.yaml"
        try Data(file.utf8).write(to: URL(filePath: path))
        let output = try await fleet.home.run(command, environment: ["FLOTILLA_QUEUES": path])
        #expect(output.status == 2)
        let lines = output.messages.split(separator: "\n")
        for (line, word) in [(9, "70000"), (13, "nowhere"), (14, "soon"), (18, "stream"), (19, "colour")] {
            #expect(
                lines.contains { $0.contains("broken.yaml:\(line): ") && $0.contains(word) },
                "line \(line) is not among: \(output.messages)"
            )
        }
        #expect(lines.count { $0.contains("broken.yaml:") } == 5)
    }
}
