import FlotillaModels
import FlotillaModules

/// The events of batches.
enum JobMessages {
    static let all = BatchEvent.allCases.map(description)

    private static func description(of event: BatchEvent) -> MessageDescription {
        MessageDescription(
            event.rawValue,
            from: MessageDescription.fleet,
            summary(of: event),
            fields: [
                PayloadField("batch_id", is: .text(), "The batch's id.").required,
                PayloadField("name", is: .text(), "As it was given."),
                PayloadField("total", is: .number, "How many members it has.").required,
            ]
                + JobState.allCases.filter(\.isFinal).map {
                    PayloadField($0.rawValue, is: .number, "How many of them are \($0.rawValue).").required
                },
            example: """
                {"batch_id":"0199a3c4-52b0-7c11-9d6e-0f4f3c2d1b0a","name":"invoices of May","total":3,"succeeded":2,\
                "dead":\(event == .succeeded ? 0 : 1),"cancelled":\(event == .succeeded ? 1 : 0),"expired":0}
                """
        )
    }

    private static func summary(of event: BatchEvent) -> String {
        switch event {
        case .died: "The first job of a batch has died."
        case .completed: "A batch is closed, and all of its jobs have ended."
        case .succeeded: "All jobs of a batch have succeeded, but for cancelled ones."
        }
    }
}
