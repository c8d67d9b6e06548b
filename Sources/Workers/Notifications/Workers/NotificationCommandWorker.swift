import FlotillaIdentity
package import FlotillaModels
import FlotillaOutbound
import FlotillaStorage
import FlotillaTelemetry
package import Workers

/// Takes the commands `notification.email`, `notification.sms` and `notification.in-app`.
package struct NotificationCommandWorker: Worker {
    package static let name = "notifications"
    package static let events = Channel.allCases.map(\.rawValue)

    private let dispatch: NotificationDispatch
    private let directory: RecipientDirectory?

    /// - Parameter directory: where users are looked up whom no event has told of.
    package init(_ dispatch: NotificationDispatch, directory: RecipientDirectory? = nil) {
        self.dispatch = dispatch
        self.directory = directory
    }

    package func handle(_ command: NotificationCommand, in context: MessageContext) async throws -> Outcome {
        var request = command.request
        request.channels = Channel.allCases.filter { context.queue.hasSuffix(".\($0.rawValue)") }
        if let zone = command.assumedZone {
            context.progress(0, "times without an offset were read in \(zone)")
            context.log.info("a zone was assumed", ["job": .string(context.jobID ?? ""), "time_zone": .string(zone)])
        }
        return try await context.commit([request], by: dispatch, asking: directory)
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
    /// Users who are not known are looked up in the directory, outside the transaction, and learnt with it.
    ///
    /// - Parameters:
    ///   - statements: run first in the same transaction.
    ///   - directory: `nil` has no more users than events have told of.
    /// - Returns: `.snooze` when the directory can't be asked: the message waits and spends no attempt, and keeps no other
    ///   from its turn.
    /// - Throws: among others when the directory gives an answer that is none: that may never end, so it spends attempts.
    func commit(
        _ requests: [NotificationRequest],
        after statements: [SQLStatement] = [],
        by dispatch: NotificationDispatch,
        asking directory: RecipientDirectory?
    ) async throws -> Outcome {
        var statements = statements
        var asked: Set<RecipientSelector> = []
        while true {
            do {
                try await commitOnce(requests, after: statements, by: dispatch) { [asked] selector in
                    directory != nil && asked.count < RecipientDirectory.mostQuestions && !asked.contains(selector)
                }
                return .done
            } catch let unknown as UnknownUsers {
                for selector in unknown.selectors.prefix(RecipientDirectory.mostQuestions - asked.count)
                where asked.insert(selector).inserted {
                    do {
                        statements += try await directory?.change(for: selector)?.statements ?? []
                    } catch let error as AuthServiceError where error.code != .violation {
                        log.warning("a recipient can't be looked up yet", ["reason": .string("\(error)")])
                        return .snooze(max(error.retryAfter, .seconds(2)))
                    }
                }
            }
        }
    }

    private func commitOnce(
        _ requests: [NotificationRequest],
        after statements: [SQLStatement],
        by dispatch: NotificationDispatch,
        asking isUnasked: (RecipientSelector) -> Bool
    ) async throws {
        do {
            try await transaction { transaction in
                if !statements.isEmpty { try await transaction.execute(statements) }
                for request in requests {
                    _ = try await dispatch.dispatch(request.caused(by: self), asking: isUnasked) {
                        try await transaction.execute($0)
                    }
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
