/// A payload that reads the body's bytes itself, for workers that take very many messages.
///
/// ``PayloadDecoder`` makes one from bytes that it has not checked yet: scanning them with `JSONScanner` checks them.
package protocol WholeBody: Decodable {
    init(body: [UInt8]) throws(InvalidPayload)
}

extension WholeBody {
    /// Part of no other payload: a whole body can't be read out of one.
    public init(from decoder: any Decoder) throws {
        throw DecodingError.dataCorrupted(
            DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "\(Self.self) is a whole body only")
        )
    }
}
