/// A provider asks to try one notification again later; the queue's policy says how long.
struct DeferredByProvider: Error, Sendable, CustomStringConvertible {
    let provider: String
    let reason: String

    var description: String { "\(provider): \(reason)" }
}
