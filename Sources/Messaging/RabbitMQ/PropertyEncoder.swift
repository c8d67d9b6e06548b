import FlotillaModels
import CFlotillaRabbitMQ
import Glibc

/// Lays properties and headers out for librabbitmq, in memory of a pool that the caller recycles.
@safe struct PropertyEncoder: ~Copyable {
    private let pool: UnsafeMutablePointer<amqp_pool_t>

    init() {
        unsafe pool = .allocate(capacity: 1)
        unsafe init_amqp_pool(pool, 4_096)
    }

    deinit {
        unsafe empty_amqp_pool(pool)
        unsafe pool.deallocate()
    }

    /// Ends the life of everything laid out so far.
    borrowing func recycle() { unsafe recycle_amqp_pool(pool) }

    /// Persistent, whatever the message says, and in the user's name.
    borrowing func properties(of message: Message, by user: String) -> amqp_basic_properties_t {
        let properties = message.properties
        let malformed = properties.malformed
        var result = unsafe amqp_basic_properties_t()
        var flags: UInt32 = 1 << 12
        unsafe result.delivery_mode = 2
        func text(_ bit: UInt32, _ name: StaticString, _ text: String?) -> amqp_bytes_t {
            if let text {
                flags |= 1 << bit
                return unsafe bytes(text)
            }
            guard !malformed.isEmpty, let raw = malformed["\(name)"] else { return unsafe amqp_bytes_t() }
            flags |= 1 << bit
            return unsafe bytes(raw)
        }
        unsafe result.content_type = text(15, "content-type", properties.contentType)
        unsafe result.content_encoding = text(14, "content-encoding", properties.contentEncoding)
        unsafe result.correlation_id = text(10, "correlation-id", properties.correlationID)
        unsafe result.reply_to = text(9, "reply-to", properties.replyTo)
        unsafe result.expiration = text(8, "expiration", properties.expiration)
        unsafe result.message_id = text(7, "message-id", properties.messageID)
        unsafe result.type = text(5, "type", properties.type)
        unsafe result.user_id = text(4, "user-id", properties.userID ?? user)
        unsafe result.app_id = text(3, "app-id", properties.appID)
        unsafe result.cluster_id = text(2, "cluster-id", properties.clusterID)
        if let priority = properties.priority {
            flags |= 1 << 11
            unsafe result.priority = priority
        }
        if let timestamp = properties.timestamp {
            flags |= 1 << 6
            unsafe result.timestamp = timestamp
        }
        if !message.headers.isEmpty {
            flags |= 1 << 13
            unsafe result.headers = table(message.headers)
        }
        unsafe result._flags = flags
        return unsafe result
    }

    borrowing func table(_ table: HeaderTable) -> amqp_table_t {
        guard !table.isEmpty else { return unsafe amqp_table_t() }
        let entries = unsafe allocate(amqp_table_entry_t.self, count: table.entries.count)
        for (index, entry) in table.entries.enumerated() {
            let encoded = unsafe amqp_table_entry_t(key: bytes(entry.name), value: value(entry.value))
            unsafe (entries + index).initialize(to: encoded)
        }
        return unsafe amqp_table_t(num_entries: Int32(table.entries.count), entries: entries)
    }

    borrowing func bytes(_ text: String) -> amqp_bytes_t {
        let copied = unsafe text.utf8.withContiguousStorageIfAvailable { unsafe copy(UnsafeRawBufferPointer($0)) }
        return unsafe copied ?? bytes(Array(text.utf8))
    }

    borrowing func bytes(_ raw: [UInt8]) -> amqp_bytes_t { unsafe raw.withUnsafeBytes { unsafe copy($0) } }

    private borrowing func copy(_ source: UnsafeRawBufferPointer) -> amqp_bytes_t {
        guard source.count > 0 else { return unsafe amqp_bytes_t() }
        let target = unsafe allocate(UInt8.self, count: source.count)
        unsafe UnsafeMutableRawBufferPointer(start: target, count: source.count).copyMemory(from: source)
        return unsafe amqp_bytes_t(len: source.count, bytes: target)
    }

    private borrowing func allocate<Element>(_ type: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
        let size = MemoryLayout<Element>.stride * count
        guard let memory = unsafe amqp_pool_alloc(pool, size) else { fatalError("out of memory") }
        return unsafe memory.bindMemory(to: Element.self, capacity: count)
    }

    private borrowing func value(_ value: FieldValue) -> amqp_field_value_t {
        var field = unsafe amqp_field_value_t()
        func kind(_ scalar: UnicodeScalar) { unsafe field.kind = UInt8(ascii: scalar) }
        switch value {
        case .boolean(let flag):
            kind("t")
            unsafe field.value.boolean = flag ? 1 : 0
        case .int8(let number):
            kind("b")
            unsafe field.value.i8 = number
        case .uint8(let number):
            kind("B")
            unsafe field.value.u8 = number
        case .int16(let number):
            kind("s")
            unsafe field.value.i16 = number
        case .uint16(let number):
            kind("u")
            unsafe field.value.u16 = number
        case .int32(let number):
            kind("I")
            unsafe field.value.i32 = number
        case .uint32(let number):
            kind("i")
            unsafe field.value.u32 = number
        case .int64(let number):
            kind("l")
            unsafe field.value.i64 = number
        case .uint64(let number):
            // RabbitMQ reads it, and hands it on as a signed one with the same bits.
            kind("L")
            unsafe field.value.u64 = number
        case .float(let number):
            kind("f")
            unsafe field.value.f32 = number
        case .double(let number):
            kind("d")
            unsafe field.value.f64 = number
        case .decimal(let scale, let number):
            kind("D")
            unsafe field.value.decimal = amqp_decimal_t(decimals: scale, value: number)
        case .string(let text):
            kind("S")
            unsafe field.value.bytes = bytes(text)
        case .binaryString(let raw):
            kind("S")
            unsafe field.value.bytes = bytes(raw)
        case .bytes(let raw):
            kind("x")
            unsafe field.value.bytes = bytes(raw)
        case .timestamp(let seconds):
            kind("T")
            unsafe field.value.u64 = seconds
        case .array(let values):
            kind("A")
            unsafe field.value.array = array(values)
        case .table(let nested):
            kind("F")
            unsafe field.value.table = table(nested)
        case .void: kind("V")
        }
        return unsafe field
    }

    private borrowing func array(_ values: [FieldValue]) -> amqp_array_t {
        guard !values.isEmpty else { return unsafe amqp_array_t() }
        let entries = unsafe allocate(amqp_field_value_t.self, count: values.count)
        for (index, element) in values.enumerated() { unsafe (entries + index).initialize(to: value(element)) }
        return unsafe amqp_array_t(num_entries: Int32(values.count), entries: entries)
    }
}
