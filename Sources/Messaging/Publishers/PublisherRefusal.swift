package import FlotillaModels

/// Why a message is not its sender's to send.
package struct PublisherRefusal: Sendable, Hashable {
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        /// It has no `user_id`.
        case unsigned
        /// Its user is in no line of `publishers`.
        case unlisted
        /// Its user may not send what has this name.
        case name
        /// Nobody but the fleet may send what has this name.
        case fleetOnly = "fleet_only"
    }

    package let reason: Reason
    /// The user that the broker has checked; `nil` for none.
    package let user: String?
    /// Of the event or the command.
    package let name: String

    /// As it is written on the dead letter.
    package var failure: Failure {
        Failure(type: Failure.unauthorisedPublisher, message: detail, isPermanent: true)
    }

    private var detail: String {
        let user = user ?? ""
        return switch reason {
        case .unsigned: "the message has no user_id, so that nobody knows who sent it"
        case .unlisted: "the user '\(user)' is no publisher of queues.yaml"
        case .name: "the publisher '\(user)' may not send \(name)"
        case .fleetOnly: "only the fleet itself sends \(name), not '\(user)'"
        }
    }
}
