import FlotillaModels
import FlotillaStorage
import WorkerTestKit
import Workers

/// A service of its own, as another team would have it: one worker for single messages, one for batches.
enum Parcels {
    static let queue = "parcels.parcel.sent"
    static let batchQueue = "parcels.parcel.weighed"

    static let topology = Topology(queues: [
        QueueDefinition(
            name: queue,
            worker: ParcelWorker.name,
            bindings: [QueueBinding(exchange: "fleet.topic", key: "parcel.sent")],
            concurrency: 1
        ),
        QueueDefinition(
            name: batchQueue,
            worker: ParcelWorker.name,
            bindings: [QueueBinding(exchange: "fleet.topic", key: "parcel.weighed")],
            concurrency: 1,
            batch: QueueDefinition.Batch(size: 50)
        ),
    ])

    /// A fleet with the worker for single messages.
    static func fleet(before: @escaping ParcelWorker.Step = { _, _ in .done }) throws -> TestFleet {
        let fleet = try TestFleet(topology: topology)
        try fleet.register(ParcelWorker(before: before))
        return fleet
    }

    static func body(_ weight: Int) -> String { #"{"weight": \#(weight)}"# }

    static func insert(_ id: String, _ weight: Int) -> SQLStatement {
        SQLStatement("INSERT INTO parcels (id, weight) VALUES ($1, $2)", [.text(id), .int(Int64(weight))])
    }
}

struct ScaleBroken: Error {}

struct Parcel: Decodable, Sendable {
    let weight: Int
}

struct ParcelWorker: Worker {
    /// What happens before the effect; an outcome other than `.done` is the handler's.
    typealias Step = @Sendable (Parcel, MessageContext) async throws -> Outcome

    static let name = "parcels"
    static let events = ["parcel.sent"]
    var before: Step = { _, _ in .done }

    func handle(_ parcel: Parcel, in context: MessageContext) async throws -> Outcome {
        let outcome = try await before(parcel, context)
        guard outcome == .done else { return outcome }
        _ = try await context.transaction { transaction in
            transaction.publish(OutgoingEvent(name: "parcel.stored", body: Array("{}".utf8)))
            try await transaction.execute(Parcels.insert(context.messageID, parcel.weight))
        }
        return .done
    }
}

struct ParcelBatchWorker: BatchWorker {
    static let name = "parcels"
    static let events = ["parcel.weighed"]

    func handle(_ items: [BatchItem<Parcel>], in context: BatchContext) async throws -> [Outcome] {
        try await context.transaction { transaction in
            for (item, isFresh) in zip(items, transaction.isFresh) where isFresh {
                try await transaction.execute(Parcels.insert(item.messageID, item.payload.weight))
                if item.payload.weight < 0 { throw PermanentError(type: "too_light", message: "a weight below zero") }
            }
        }
        return items.map { _ in .done }
    }
}
