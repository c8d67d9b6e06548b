import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules
import FlotillaStorage
import Workers

/// What becomes of a batch, each published once: the statements of `JobBatches.note(_:)`, in their order.
enum BatchEvent: String, CaseIterable {
    /// The first member has died. It may be sent back, and the batch may yet succeed.
    case died = "batch.died"
    /// It is closed, and all members have ended, however they did.
    case completed = "batch.completed"
    /// All members have succeeded, but for those that were cancelled.
    case succeeded = "batch.succeeded"

    func message(of batch: JobBatch, to exchange: String) -> OutgoingMessage {
        let event = OutgoingEvent(
            name: rawValue,
            body: Array(batch.eventBody.utf8),
            messageID: "\(rawValue):\(batch.id)",
            correlationID: batch.correlationID
        )
        return event.message(causedBy: nil, nil, exchange)
    }
}

extension JobBatch {
    fileprivate var eventBody: String {
        var object = JSONObject()
        object.add("batch_id", id)
        object.add("name", name)
        object.add("total", total)
        for state in JobState.allCases where state.isFinal { object.add(state.rawValue, counts[state] ?? 0) }
        return object.closed
    }
}
