import FlotillaModels
import FlotillaStorage

/// What becomes of a delivery after an execution: the runtime's answer to a handler's outcome.
enum Disposition: Sendable {
    case acknowledge
    /// As done, but that the job was cancelled.
    case cancelled
    /// Back through the delay ladder; one more execution is on record as failed.
    case retry(after: Duration, Failure)
    /// To the dead-letter queue.
    case deadLetter(Failure)
    /// Back through the ladder with nothing on record.
    case snooze(Duration)
    /// Stays with this process until the dependency is back.
    case hold(Dependency, reason: String)
    /// Stays with this process, and its whole queue with it, until the installation is as it should be.
    case holdQueue(InstallationFault)
}

extension Disposition {
    /// Decides by the rules of the queue.
    ///
    /// - Parameters:
    ///   - attempt: the number of the execution that has just ended, from 1.
    ///   - policy: the queue's, with the job's own number of attempts if it has one.
    ///   - chance: from -1 to 1, for the jitter; drawn only for a retry, since drawing is a system call.
    init(
        _ result: Result<Outcome, any Error>,
        attempt: Int,
        policy: RetryPolicy,
        chance: @autoclosure () -> Double
    ) {
        switch result {
        case .success(.done): self = .acknowledge
        case .success(.snooze(let delay)): self = .snooze(delay)
        case .success(.reject(let reason)):
            self = .deadLetter(Failure(type: Failure.rejected, message: reason, isPermanent: true))
        case .failure(is JobCancelled): self = .cancelled
        case .failure(let error):
            if let outage = DependencyOutage(error) {
                self = .hold(outage.dependency, reason: outage.reason)
                return
            }
            if let fault = InstallationFault(error) {
                self = .holdQueue(fault)
                return
            }
            let failure = Failure(error)
            guard !failure.isPermanent, let delay = policy.delay(afterFailures: attempt, chance: chance()) else {
                self = .deadLetter(failure)
                return
            }
            self = .retry(after: (error as? RetryLater)?.delay ?? delay, failure)
        }
    }
}

extension Failure {
    /// Describes an error for headers, dead letters and logs.
    init(_ error: any Error) {
        switch error {
        case let error as InvalidPayload:
            self.init(type: Self.invalidPayload, message: error.description, isPermanent: true)
        case let error as PermanentError:
            self.init(type: error.type, message: error.message, isPermanent: true)
        case let error as RetryLater:
            self.init(type: "retry_later", message: error.reason, isPermanent: false)
        case let error as TimeLimitExceeded:
            self.init(type: Self.timeout, message: error.description, isPermanent: false)
        case let error as PostgresError:
            self.init(type: "postgres", message: "\(error)", isPermanent: false)
        default:
            self.init(type: Self.typeName(of: error), message: "\(error)", isPermanent: false)
        }
    }

    /// `ConnectionRefused` of any error type becomes `connection_refused`.
    private static func typeName(of error: any Error) -> String {
        var name = ""
        var followsCapital = true
        for character in "\(Swift.type(of: error))" where character.isLetter || character.isNumber {
            if character.isUppercase && !followsCapital { name += "_" }
            followsCapital = character.isUppercase
            name += character.lowercased()
        }
        return name.isEmpty ? "error" : name
    }
}
