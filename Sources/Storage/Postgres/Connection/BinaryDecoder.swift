import CFlotillaPostgres

/// Reads the binary formats of the types that the fleet's tables use.
///
/// A value of another type than the one asked for is a mistake in a query, and gives `nil`.
enum BinaryDecoder {
    static func int(_ type: Oid, _ bytes: UnsafeRawBufferPointer) -> Int64? {
        switch type {
        case PostgresType.bool: unsafe bytes.first.map { Int64($0) }
        case PostgresType.int2: unsafe Int64(load(bytes, as: Int16.self))
        case PostgresType.int4: unsafe Int64(load(bytes, as: Int32.self))
        case PostgresType.oid: unsafe Int64(load(bytes, as: UInt32.self))
        case PostgresType.int8: unsafe load(bytes, as: Int64.self)
        case PostgresType.numeric: unsafe Int64(numeric(bytes))
        default: nil
        }
    }

    static func double(_ type: Oid, _ bytes: UnsafeRawBufferPointer) -> Double? {
        switch type {
        case PostgresType.float4: unsafe Double(Float(bitPattern: load(bytes, as: UInt32.self)))
        case PostgresType.float8: unsafe Double(bitPattern: load(bytes, as: UInt64.self))
        case PostgresType.numeric: unsafe Double(numeric(bytes))
        default: unsafe int(type, bytes).map(Double.init)
        }
    }

    static func text(_ type: Oid, _ bytes: UnsafeRawBufferPointer) -> String? {
        switch type {
        case PostgresType.bool: unsafe bytes.first == 1 ? "t" : "f"
        case PostgresType.int2, PostgresType.int4, PostgresType.int8, PostgresType.oid:
            unsafe int(type, bytes).map { String($0) }
        case PostgresType.float4, PostgresType.float8: unsafe double(type, bytes).map { String($0) }
        case PostgresType.numeric: unsafe numeric(bytes)
        case PostgresType.jsonb: unsafe String(decoding: bytes.dropFirst(), as: UTF8.self)
        case PostgresType.uuid: unsafe uuid(bytes)
        case PostgresType.bytea: nil
        case PostgresType.timestamptz, PostgresType.timestamp, PostgresType.date: nil
        default: unsafe String(decoding: bytes, as: UTF8.self)
        }
    }

    static func bytes(_ type: Oid, _ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        type == PostgresType.jsonb ? unsafe Array(bytes.dropFirst()) : unsafe Array(bytes)
    }

    static func timestamp(_ type: Oid, _ bytes: UnsafeRawBufferPointer) -> Int64? {
        switch type {
        case PostgresType.timestamptz, PostgresType.timestamp:
            unsafe PostgresType.time(binary: load(bytes, as: Int64.self))
        case PostgresType.date: unsafe PostgresType.time(binaryDays: load(bytes, as: Int32.self))
        default: nil
        }
    }

    /// Dimensions, a null flag and the element type come first, then per dimension its length and lower bound.
    static func texts(_ type: Oid, _ bytes: UnsafeRawBufferPointer) -> [String]? {
        guard bytes.count >= 12 else { return nil }
        let dimensions = unsafe load(bytes, as: Int32.self)
        guard dimensions == 1, bytes.count >= 20 else { return dimensions == 0 ? [] : nil }
        var offset = 20
        var texts: [String] = []
        for _ in 0..<(unsafe load(bytes, at: 12, as: Int32.self)) {
            let length = unsafe Int(load(bytes, at: offset, as: Int32.self))
            offset += 4
            guard length >= 0 else { continue }
            unsafe texts.append(String(decoding: bytes[offset..<offset + length], as: UTF8.self))
            offset += length
        }
        return texts
    }

    private static func load<Number: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer,
        at offset: Int = 0,
        as type: Number.Type
    ) -> Number {
        Number(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: type))
    }

    private static func uuid(_ bytes: UnsafeRawBufferPointer) -> String {
        var text = ""
        for index in 0..<bytes.count {
            let byte = unsafe bytes[index]
            if [4, 6, 8, 10].contains(index) { text += "-" }
            text += String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
        return text
    }

    /// Groups of four decimal digits; `weight` places the first group, `scale` says how many digits follow the point.
    private static func numeric(_ bytes: UnsafeRawBufferPointer) -> String {
        let groups = unsafe Int(load(bytes, as: Int16.self))
        let weight = unsafe Int(load(bytes, at: 2, as: Int16.self))
        let sign = unsafe load(bytes, at: 4, as: UInt16.self)
        let scale = unsafe Int(load(bytes, at: 6, as: UInt16.self))
        switch sign {
        case 0xc000: return "NaN"
        case 0xd000: return "Infinity"
        case 0xf000: return "-Infinity"
        default: break
        }
        func group(_ place: Int) -> String {
            let index = weight - place
            let value = index >= 0 && index < groups ? unsafe load(bytes, at: 8 + index * 2, as: Int16.self) : 0
            let digits = String(value)
            return String(repeating: "0", count: 4 - digits.count) + digits
        }
        let whole = weight < 0 ? "0" : String((0...weight).map { group(weight - $0) }.joined().drop { $0 == "0" })
        var text = (sign == 0x4000 ? "-" : "") + (whole.isEmpty ? "0" : whole)
        if scale > 0 {
            text += "." + (1...(scale + 3) / 4).map { group(-$0) }.joined().prefix(scale)
        }
        return text
    }
}
