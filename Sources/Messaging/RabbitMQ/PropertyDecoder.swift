import FlotillaModels
import CFlotillaRabbitMQ

/// Reads what librabbitmq has decoded into our own values; nothing points into the library's memory afterwards.
enum PropertyDecoder {
    /// Tables and arrays nested deeper than this are not taken apart.
    static let maximumNesting = 64
    /// Under this name come headers that are nested too deeply: the encoded table, as one byte array.
    static let unreadHeaders = "unread-headers"

    /// The properties and headers of a content header.
    ///
    /// - Parameter raw: the encoded properties, kept for headers that are not taken apart.
    static func decode(
        _ properties: borrowing amqp_basic_properties_t,
        raw: amqp_bytes_t,
        cache: inout StringCache
    ) -> (MessageProperties, HeaderTable) {
        var result = MessageProperties()
        let flags = unsafe properties._flags
        func has(_ bit: UInt32) -> Bool { flags & (1 << bit) != 0 }
        func text(_ bit: UInt32, _ name: String, _ bytes: amqp_bytes_t) -> String? {
            guard has(bit) else { return nil }
            if let text = unsafe String(validating: bytes.buffer, as: UTF8.self) { return text }
            unsafe result.malformed[name] = Array(bytes.buffer)
            return nil
        }
        if has(15) {
            let type = unsafe properties.content_type.buffer
            if unsafe String(validating: type, as: UTF8.self) != nil {
                result.contentType = unsafe cache.string(type)
            } else {
                result.malformed["content-type"] = unsafe Array(type)
            }
        }
        result.contentEncoding = unsafe text(14, "content-encoding", properties.content_encoding)
        result.deliveryMode = has(12) ? unsafe properties.delivery_mode : nil
        result.priority = has(11) ? unsafe properties.priority : nil
        result.correlationID = unsafe text(10, "correlation-id", properties.correlation_id)
        result.replyTo = unsafe text(9, "reply-to", properties.reply_to)
        result.expiration = unsafe text(8, "expiration", properties.expiration)
        result.messageID = unsafe text(7, "message-id", properties.message_id)
        result.timestamp = has(6) ? unsafe properties.timestamp : nil
        result.type = unsafe text(5, "type", properties.type)
        result.userID = unsafe text(4, "user-id", properties.user_id)
        result.appID = unsafe text(3, "app-id", properties.app_id)
        result.clusterID = unsafe text(2, "cluster-id", properties.cluster_id)
        guard has(13) else { return (result, HeaderTable()) }
        let headers = unsafe table(properties.headers, depth: 0)
        return (result, headers ?? [unreadHeaders: .bytes(unsafe Array(raw.buffer))])
    }

    /// A table, or `nil` when it is nested too deeply.
    static func table(_ table: amqp_table_t, depth: Int = 0) -> HeaderTable? {
        guard depth < maximumNesting else { return nil }
        var entries: [HeaderTable.Entry] = []
        entries.reserveCapacity(Int(unsafe table.num_entries))
        for index in 0..<Int(unsafe table.num_entries) {
            let entry = unsafe table.entries[index]
            guard let value = unsafe value(entry.value, depth: depth + 1) else { return nil }
            let name = unsafe String(decoding: entry.key.buffer, as: UTF8.self)
            entries.append(HeaderTable.Entry(name: name, value: value))
        }
        return HeaderTable(entries)
    }

    private static func value(_ field: amqp_field_value_t, depth: Int) -> FieldValue? {
        switch UnicodeScalar(unsafe field.kind) {
        case "t": return .boolean(unsafe field.value.boolean != 0)
        case "b": return .int8(unsafe field.value.i8)
        case "B": return .uint8(unsafe field.value.u8)
        case "s": return .int16(unsafe field.value.i16)
        case "u": return .uint16(unsafe field.value.u16)
        case "I": return .int32(unsafe field.value.i32)
        case "i": return .uint32(unsafe field.value.u32)
        case "l": return .int64(unsafe field.value.i64)
        case "L": return .uint64(unsafe field.value.u64)
        case "f": return .float(unsafe field.value.f32)
        case "d": return .double(unsafe field.value.f64)
        case "D": return .decimal(scale: unsafe field.value.decimal.decimals, value: unsafe field.value.decimal.value)
        case "S":
            let bytes = unsafe field.value.bytes.buffer
            return unsafe String(validating: bytes, as: UTF8.self).map { .string($0) } ?? .binaryString(Array(bytes))
        case "x": return .bytes(unsafe Array(field.value.bytes.buffer))
        case "T": return .timestamp(unsafe field.value.u64)
        case "A":
            guard depth < maximumNesting else { return nil }
            var values: [FieldValue] = []
            let array = unsafe field.value.array
            for index in 0..<Int(unsafe array.num_entries) {
                guard let value = unsafe value(array.entries[index], depth: depth + 1) else { return nil }
                values.append(value)
            }
            return .array(values)
        case "F": return unsafe table(field.value.table, depth: depth).map { .table($0) }
        default: return .void
        }
    }
}

extension amqp_bytes_t {
    var buffer: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: bytes, count: len) }
}
