/// The answers to methods that were sent without waiting; a channel gives them in the order of the requests.
enum MethodReply {
    case channelOpened
    case prefetchSet
    case consuming(tag: String)
    case cancelled(tag: String)
    case queueExists
}
