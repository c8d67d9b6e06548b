import FlotillaModels
import Workers

/// A typed worker that decodes its payload and does nothing with it.
struct ConsumeBench {
    private let fleet: FleetBench

    init(_ options: Options) throws { fleet = try FleetBench(options) }

    func run() async throws -> RunReport {
        try await fleet.run(worker: ViewReader.name, batch: nil) { fleet, tally in
            try fleet.register(ViewReader(tally: tally))
        }
    }
}

private struct ViewReader: Worker {
    struct Payload: Decodable, Sendable {
        let viewId: String
        let profileId: String
        let companyId: String
        let recruiterId: String
        let anonymized: Bool
        let source: String
        let occurredAt: String
    }

    static let name = "reader"
    static let dependencies: Set<Dependency> = []

    let tally: Tally

    func handle(_ payload: Payload, in context: MessageContext) async throws -> Outcome {
        tally.begin()
        tally.finish(count: 1, sum: Sample.sequence(of: payload.viewId))
        return .done
    }
}
