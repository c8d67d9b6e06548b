/// Why a server has turned a client away before a handler saw its request.
package enum HTTPRefusal: String, Sendable, Hashable, CaseIterable {
    /// One address has too many connections.
    case addressLimit = "address_limit"
    /// All connections are taken, and this one was waiting for a request for the longest time.
    case crowded
    /// A request or an answer took too long on its way.
    case slow
    /// The bodies that are here take all the memory that they may.
    case memory
    /// There are as many answers that are sent piece by piece as there may be.
    case streams
}
