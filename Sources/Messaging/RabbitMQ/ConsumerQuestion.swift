/// What an answer on a consumer's channel belongs to; answers come in the order of the questions.
enum ConsumerQuestion {
    case prefetch
    /// The subscription with this index is to deliver.
    case consume(Int)
    case cancel
    /// Asked only to be answered.
    case echo
    case barrier(CheckedContinuation<Void, Never>)
}
