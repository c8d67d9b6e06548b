/// A body that is known to be JSON and is left as it came, for handlers that take whatever arrives.
///
/// ``PayloadDecoder`` checks the bytes and keeps them without a copy; other decoders can't make one.
public struct RawJSON: Decodable, Sendable, Hashable {
    public let bytes: [UInt8]

    init(checked bytes: [UInt8]) { self.bytes = bytes }

    public init(from decoder: any Decoder) throws {
        throw DecodingError.dataCorrupted(
            DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "raw JSON is a whole body only")
        )
    }
}
