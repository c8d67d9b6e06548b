package import FlotillaModels
import FlotillaOutbound
import FlotillaStorage
package import Workers

/// Takes the commands `notification.email`, `notification.sms` and `notification.in-app`.
package struct NotificationCommandWorker: Worker {
    package static let name = "notifications"
    package static let events = Channel.allCases.map(\.rawValue)

    private let dispatch: NotificationDispatch

    package init(_ dispatch: NotificationDispatch) { self.dispatch = dispatch }

    package func handle(_ command: NotificationCommand, in context: MessageContext) async throws -> Outcome {
        var request = command.request
        request.channels = Channel.allCases.filter { context.queue.hasSuffix(".\($0.rawValue)") }
        try await context.commit([request], by: dispatch)
        return .done
    }
}

extension NotificationRequest {
    fileprivate func caused(by context: MessageContext) -> Self {
        var request = self
        request.cause = context.messageID
        request.correlationID = context.correlationID
        request.traceParent = context.message.headers[FleetHeader.traceParent]?.text
        return request
    }
}

extension MessageContext {
    /// Dispatches what the message asks for, once.
    ///
    /// - Parameter statements: run first in the same transaction.
    func commit(
        _ requests: [NotificationRequest],
        after statements: [SQLStatement] = [],
        by dispatch: NotificationDispatch
    ) async throws {
        do {
            try await transaction { transaction in
                if !statements.isEmpty { try await transaction.execute(statements) }
                for request in requests {
                    _ = try await dispatch.dispatch(request.caused(by: self)) { try await transaction.execute($0) }
                }
            }
        } catch let error as TemplateError {
            throw PermanentError(type: error.code.rawValue, message: error.detail)
        } catch let error as UnreachableRecipient {
            throw PermanentError(type: "unreachable_recipient", message: error.description)
        } catch let error as FieldError {
            throw InvalidPayload(field: error.field, problem: error.problem)
        }
    }
}
