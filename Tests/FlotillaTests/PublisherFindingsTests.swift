@testable import flotilla
import FlotillaMessaging
import FlotillaModels
import FlotillaOperations
import FlotillaTestSupport
import Foundation
import Testing

struct PublisherFindingsTests {
    private static func topology(publishers: Bool = true) throws -> Topology {
        var topology = try TopologyFile.load(from: Repository.file("queues.yaml").path)
        if !publishers { topology.publishers = nil }
        return topology
    }

    /// What the broker says when all is as the file wants.
    private static func access(_ topology: Topology) -> BrokerAccess {
        let (topics, permission) = PublisherPermissions(topology).of("publisher")
        return BrokerAccess(
            users: ["fleet": ["administrator"], "publisher": []],
            permissions: [permission].compactMap(\.self),
            topicPermissions: topics
        )
    }

    private static func verdicts(
        publishers: Bool = true,
        _ change: (inout BrokerAccess) -> Void
    ) throws -> [DoctorFinding.Verdict] {
        let topology = try topology(publishers: publishers)
        var access = access(try Self.topology())
        change(&access)
        return PublisherFindings.findings(topology, access, user: "fleet").map(\.verdict)
    }

    @Test func `a broker that holds every publisher to its line is good`() throws {
        #expect(try Self.verdicts { _ in } == [.good])
    }

    @Test func `permissions that let a publisher send more are bad, missing ones doubtful`() throws {
        #expect(try Self.verdicts { $0.topicPermissions = [] }.contains(.bad))
        #expect(try Self.verdicts { ($0.permissions, $0.topicPermissions) = ([], []) }.allSatisfy { $0 == .doubtful })
        let wide = UserPermission(user: "publisher", configure: ".*", write: ".*", read: ".*")
        #expect(try Self.verdicts { $0.permissions = [wide] } == [.bad])
        #expect(try Self.verdicts { $0.users["publisher"] = ["administrator"] } == [.bad])
    }

    @Test func `a publisher without a user, and a user without a line, are doubtful`() throws {
        #expect(try Self.verdicts { $0 = BrokerAccess(users: ["fleet": ["administrator"]]) } == [.doubtful])
        let stranger = UserPermission(user: "till", configure: "", write: ".*", read: "")
        #expect(try Self.verdicts { $0.permissions.append(stranger) } == [.doubtful])
        #expect(try Self.verdicts(publishers: false) { $0.permissions = [stranger] } == [.doubtful])
        #expect(try Self.verdicts(publishers: false) { $0.permissions = [] } == [])
    }
}
