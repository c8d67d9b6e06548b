/// The body of an answer that is sent piece by piece, as it comes to be.
///
/// The server runs ``produce`` once the head of the answer is on its way, and never for HEAD.
package struct HTTPStream: Sendable {
    /// Hands a piece over; returns once there is room for it, which a client that reads slowly delays.
    ///
    /// It throws once nobody takes pieces any more: the client is gone, or the server stops.
    package typealias Write = @Sendable ([UInt8]) async throws(CancellationError) -> Void

    /// Makes the body. The answer ends when it returns. Its task is cancelled when nobody takes pieces any more.
    package let produce: @Sendable (_ write: @escaping Write) async -> Void

    package init(_ produce: @escaping @Sendable (_ write: @escaping Write) async -> Void) { self.produce = produce }
}

extension HTTPResponse {
    /// An answer whose body is a stream. It is never compressed, nor kept by anybody.
    package init(
        stream type: String = "text/event-stream",
        _ produce: @escaping @Sendable (_ write: @escaping HTTPStream.Write) async -> Void
    ) {
        self.init(status: 200, headers: ["Content-Type": type, "Cache-Control": "no-store"])
        stream = HTTPStream(produce)
    }
}
