package import FlotillaModels

/// A stable 128-bit name for one message of one queue, the same in every process.
///
/// It is made of the queue and the message id, or of the queue and the body when the publisher gave no id: the high
/// half is FNV-1a, the low half a multiplication and a shift for each byte. It tells messages apart that run at the same time; it secures nothing.
package struct MessageIdentity: Sendable, Hashable {
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package init(queue: String, message: Message) {
        var high: UInt64 = 0xcbf2_9ce4_8422_2325
        var low: UInt64 = 0x8422_2325_cbf2_9ce4
        func mix(_ byte: UInt8) {
            high = (high ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
            low = (low &+ UInt64(byte) &+ 1) &* 0x9e37_79b9_7f4a_7c15
            low ^= low >> 29
        }
        for byte in queue.utf8 { mix(byte) }
        mix(0)
        if let id = message.properties.messageID, !id.isEmpty {
            for byte in id.utf8 { mix(byte) }
        } else {
            for byte in message.body { mix(byte) }
        }
        self.high = high
        self.low = low
    }
}

extension MessageIdentity: CustomStringConvertible {
    package var description: String { Self.digits(high) + Self.digits(low) }

    init?(_ text: some StringProtocol) {
        guard text.utf8.count == 32,
            let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }

    private static func digits(_ value: UInt64) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
