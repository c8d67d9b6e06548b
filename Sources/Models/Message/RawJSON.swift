/// A body that is known to be JSON and is left as it came, for handlers that take whatever arrives.
///
/// ``PayloadDecoder`` checks the bytes and keeps them without a copy; other decoders can't make one.
public struct RawJSON: Decodable, WholeBody, Sendable, Hashable {
    public let bytes: [UInt8]

    package init(body: [UInt8]) throws(InvalidPayload) {
        try JSONScanner.check(body)
        bytes = body
    }
}
