/// What is to be known of a file that has been written.
struct RenderedTicket: Sendable, Hashable {
    let size: Int
    /// SHA-256.
    let hash: [UInt8]
    let duration: Duration
    /// Characters that no font has, with boxes in their places.
    let missingCharacters: [Character]
}
