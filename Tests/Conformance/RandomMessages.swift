import FlotillaModels

/// A reproducible source of chance (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// Messages with every property and every type of header, made up by chance.
struct RandomMessages {
    var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func message() -> Message {
        var properties = MessageProperties()
        properties.contentType = text()
        properties.contentEncoding = text()
        properties.deliveryMode = 2
        properties.priority = maybe { $0.number(0...9) }
        properties.correlationID = text()
        properties.replyTo = text()
        properties.messageID = text()
        properties.timestamp = maybe { $0.number(0...UInt64(Int64.max)) }
        properties.type = text()
        properties.appID = text()
        properties.clusterID = text()
        if properties.replyTo == nil, flip() { properties.malformed["reply-to"] = notUTF8() }
        var entries: [HeaderTable.Entry] = []
        for index in 0..<number(0...8) {
            entries.append(HeaderTable.Entry(name: name(index), value: value(depth: 0)))
        }
        return Message(properties: properties, headers: HeaderTable(entries), body: bytes(upTo: 300))
    }

    mutating func value(depth: Int) -> FieldValue {
        switch number(0...(depth < 4 ? 18 : 16)) {
        case 0: .boolean(flip())
        case 1: .int8(number(Int8.min...Int8.max))
        case 2: .uint8(number(0...UInt8.max))
        case 3: .int16(number(Int16.min...Int16.max))
        case 4: .uint16(number(0...UInt16.max))
        case 5: .int32(number(Int32.min...Int32.max))
        case 6: .uint32(number(0...UInt32.max))
        // RabbitMQ reads an unsigned 64-bit integer, and writes it as a signed one: left out.
        case 7: .int64(number(Int64.min...Int64.max))
        case 8: .float(Float(number(-1_000_000...1_000_000)) / 64)
        case 9: .double(Double(number(-1_000_000_000...1_000_000_000)) / 1_024)
        case 10: .decimal(scale: number(0...9), value: number(0...UInt32.max))
        case 11: .string(text(always: true) ?? "")
        case 12: .string(String(repeating: "é", count: number(0...400)))
        case 13: .binaryString(notUTF8())
        case 14: .bytes(bytes(upTo: 200))
        case 15: .timestamp(number(0...UInt64(Int64.max)))
        case 16: .void
        case 17: .array((0..<number(0...4)).map { _ in value(depth: depth + 1) })
        default:
            .table(
                HeaderTable(
                    (0..<number(0...4)).map {
                        HeaderTable.Entry(name: name($0), value: value(depth: depth + 1))
                    }
                )
            )
        }
    }

    private mutating func number<N: FixedWidthInteger>(_ range: ClosedRange<N>) -> N {
        .random(in: range, using: &random)
    }

    private mutating func flip() -> Bool { .random(using: &random) }

    private mutating func maybe<V>(_ make: (inout Self) -> V) -> V? { flip() ? make(&self) : nil }

    private mutating func bytes(upTo limit: Int) -> [UInt8] {
        (0..<number(0...limit)).map { _ in number(0...UInt8.max) }
    }

    private mutating func notUTF8() -> [UInt8] { [0xff, 0xfe] + bytes(upTo: 20) }

    private mutating func name(_ index: Int) -> String {
        flip()
            ? "header-\(index)"
            : "\(index)" + String(repeating: "n", count: number(200...254) - "\(index)".utf8.count)
    }

    private mutating func text(always: Bool = false) -> String? {
        guard always || flip() else { return nil }
        return [
            "", "application/json", "ünïcødé 漢字 🚢", String(repeating: "x", count: 255), "nul\0inside",
        ].randomElement(using: &random)
    }
}
