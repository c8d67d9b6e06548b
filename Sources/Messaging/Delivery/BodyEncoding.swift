package import FlotillaModels
import FlotillaPlatform

/// How bodies come that are not plain JSON in UTF-8: with a byte order mark, or packed.
package enum BodyEncoding {
    /// Whether the body may have to be changed before it can be read; false for almost all.
    package static func concerns(_ message: Message) -> Bool {
        message.properties.contentEncoding != nil || message.body.first == byteOrderMark[0]
    }

    /// Whether the body may take more memory once it can be read.
    package static func isPacked(_ message: Message) -> Bool {
        message.properties.contentEncoding.map { !plain.contains($0.lowercased().filter { $0 != " " }) } ?? false
    }

    /// The message with a body that can be read, and without a content encoding.
    ///
    /// - Parameter limit: how large the body may become.
    /// - Throws: `InvalidPayload` for an encoding that is not understood, and for data that is not what it says;
    ///   `PermanentError` of the type `body_too_large`.
    package static func decoded(_ message: Message, upTo limit: Int) throws -> Message {
        var decoded = message
        if let name = message.properties.contentEncoding {
            decoded.body = try unpack(message.body, name, upTo: limit)
            decoded.properties.contentEncoding = nil
        }
        if decoded.body.starts(with: byteOrderMark) { decoded.body.removeFirst(byteOrderMark.count) }
        return decoded
    }

    private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]
    /// Names that change nothing about a body in UTF-8; some clients write the character set here.
    private static let plain: Set<String> = ["", "identity", "utf-8", "utf8", "us-ascii", "ascii", "binary"]

    private static func unpack(_ body: [UInt8], _ encoding: String, upTo limit: Int) throws -> [UInt8] {
        let name = encoding.lowercased().filter { $0 != " " }
        if plain.contains(name) { return body }
        do throws(Inflation.Problem) {
            switch name {
            case "gzip", "x-gzip": return try Inflation.unpack(body, .gzip, upTo: limit)
            case "deflate", "x-deflate": return try inflate(body, upTo: limit)
            default: break
            }
        } catch {
            switch error {
            case .broken: throw InvalidPayload(field: "", problem: "content_encoding is \(name), found other data")
            case .truncated: throw InvalidPayload(field: "", problem: "the \(name) body is cut short")
            case .tooLarge:
                throw PermanentError(
                    type: Failure.tooLarge,
                    message: "unpacked, the \(name) body of \(body.count) bytes is over the queue's limit of \(limit)"
                )
            }
        }
        throw InvalidPayload(
            field: "",
            problem: "content_encoding \(name.prefix(40)) is not understood: send plain UTF-8, gzip or deflate"
        )
    }

    private static func inflate(_ body: [UInt8], upTo limit: Int) throws(Inflation.Problem) -> [UInt8] {
        do {
            return try Inflation.unpack(body, .deflate, upTo: limit)
        } catch .broken {
            do {
                return try Inflation.unpack(body, .bareDeflate, upTo: limit)
            } catch .truncated {
                // It has no head to know it by: any text may pass for the beginning of one.
                throw .broken
            }
        }
    }
}
