/// What the next reply on a consumer's channel answers; replies come in the order of the requests.
enum PendingReply {
    case prefetch
    /// The subscription with this index is to deliver.
    case consume(Int)
    case cancel
    /// Asked only to be answered.
    case echo
    case barrier(CheckedContinuation<Void, Never>)
}
