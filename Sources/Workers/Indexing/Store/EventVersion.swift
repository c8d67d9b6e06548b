package import FlotillaStorage

/// Which of two events is the later one, whatever the order of their arrival.
///
/// The event's time decides. Of events of the same microsecond the one with the greater message id counts as the
/// later, so that everybody who sees both decides alike.
package struct EventVersion: Sendable, Hashable, Comparable {
    /// Microseconds since 1970.
    package let time: Int64
    package let messageID: ExactText

    package init(time: Int64, messageID: String) {
        self.time = time
        self.messageID = ExactText(messageID)
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.time == right.time ? left.messageID < right.messageID : left.time < right.time
    }
}
