/// One failed execution, as it is written into headers, dead letters and logs.
public struct Failure: Sendable, Hashable {
    /// A short, stable word for the kind of failure.
    public var type: String
    public var message: String
    /// Whether another execution could succeed.
    public var isPermanent: Bool

    public init(type: String, message: String, isPermanent: Bool) {
        self.type = type
        self.message = message
        self.isPermanent = isPermanent
    }

    public static let invalidPayload = "invalid_payload"
    public static let processCrash = "process_crash"
    public static let timeout = "timeout"
    public static let rejected = "rejected"
    public static let tooLarge = "body_too_large"
    /// Its sender may not send it, or nobody knows who that was.
    public static let unauthorisedPublisher = "unauthorised_publisher"

    /// The same for all failures of one kind, whatever the ids and numbers in their messages: 16 hexadecimal digits.
    ///
    /// Runs of digits, and hexadecimal runs of eight or more, count as one; then FNV-1a over type and message.
    public var fingerprint: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ byte: UInt8) {
            hash ^= UInt64(byte)
            hash &*= 0x0000_0100_0000_01b3
        }
        type.utf8.forEach(mix)
        mix(0)
        var word: [UInt8] = []
        func flush() {
            let isHex = word.allSatisfy { $0.isHexDigit }
            let hasDigit = word.contains { $0.isDigit }
            if hasDigit && (isHex && word.count >= 8 || word.allSatisfy { $0.isDigit }) {
                mix(UInt8(ascii: "#"))
            } else {
                word.forEach(mix)
            }
            word.removeAll(keepingCapacity: true)
        }
        for byte in message.utf8.prefix(512) {
            if byte.isWordByte {
                word.append(byte)
            } else {
                flush()
                mix(byte)
            }
        }
        flush()
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
    fileprivate var isHexDigit: Bool { isDigit || (0x61...0x66).contains(self | 0x20) }
    fileprivate var isWordByte: Bool { isDigit || (0x61...0x7a).contains(self | 0x20) || self >= 0x80 }
}
