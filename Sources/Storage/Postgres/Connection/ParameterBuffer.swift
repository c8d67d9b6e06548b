import CFlotillaPostgres
import Glibc

/// The parameters of one statement in Postgres's binary formats, in one block of memory that is used again.
///
/// An array is written element by element into the block: no element costs an allocation.
@safe struct ParameterBuffer: ~Copyable {
    /// The server takes no field of 1 GB or more.
    private static let limit = 1 << 30
    /// A block that grew beyond this for one statement is given back.
    private static let kept = 4 << 20

    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    private var count = 0
    private(set) var types: [Oid] = []
    private var starts: [Int] = []
    private var lengths: [CInt] = []
    private var formats: [CInt] = []
    private var pointers: [UnsafePointer<CChar>?] = unsafe []

    init() {
        capacity = 4_096
        unsafe base = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { unsafe base.deallocate() }

    /// The type that a parameter is declared as; an untyped NULL leaves it to the server.
    static func type(of value: SQLValue) -> Oid {
        switch value {
        case .null: 0
        case .text: PostgresType.text
        case .int: PostgresType.int8
        case .double: PostgresType.float8
        case .bool: PostgresType.bool
        case .bytes: PostgresType.bytea
        case .timestamp: PostgresType.timestamptz
        case .json: PostgresType.jsonb
        case .textArray: PostgresType.textArray
        case .intArray: PostgresType.int8Array
        case .bytesArray: PostgresType.bytesArray
        case .timestampArray: PostgresType.timestamptzArray
        }
    }

    /// Replaces what the buffer holds.
    mutating func encode(_ values: [SQLValue]) throws(PostgresError) {
        count = 0
        types.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        if capacity > Self.kept {
            unsafe base.deallocate()
            capacity = Self.kept
            unsafe base = .allocate(byteCount: capacity, alignment: 16)
        }
        for value in values {
            let size = Self.size(of: value)
            guard size < Self.limit else {
                throw PostgresError(code: .sqlState("54000"), operation: "encode", detail: "a parameter exceeds 1 GB")
            }
            types.append(Self.type(of: value))
            lengths.append(CInt(size))
            guard value != .null else {
                starts.append(-1)
                continue
            }
            starts.append(count)
            reserve(size)
            write(value)
        }
    }

    /// Lends the parameters in the form that libpq takes.
    mutating func withParameters<R>(
        _ body: (CInt, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<CInt>?, UnsafePointer<CInt>?) -> R
    ) -> R {
        unsafe pointers.removeAll(keepingCapacity: true)
        for start in starts {
            unsafe pointers.append(start < 0 ? nil : UnsafePointer((base + start).assumingMemoryBound(to: CChar.self)))
        }
        while formats.count < starts.count { formats.append(1) }
        let number = CInt(starts.count)
        return unsafe pointers.withUnsafeBufferPointer { pointers in
            unsafe lengths.withUnsafeBufferPointer { lengths in
                unsafe formats.withUnsafeBufferPointer { formats in
                    unsafe body(number, pointers.baseAddress, lengths.baseAddress, formats.baseAddress)
                }
            }
        }
    }

    /// The bytes of one parameter, for tests; `nil` for NULL.
    func bytes(of parameter: Int) -> [UInt8]? {
        guard starts[parameter] >= 0 else { return nil }
        return unsafe Array(UnsafeRawBufferPointer(start: base + starts[parameter], count: Int(lengths[parameter])))
    }

    private static func size(of value: SQLValue) -> Int {
        switch value {
        case .null: 0
        case .text(let text): text.utf8.count
        case .int, .double, .timestamp: 8
        case .bool: 1
        case .bytes(let bytes): bytes.count
        case .json(let text): text.utf8.count + 1
        case .textArray(let texts): size(of: texts) { $0.utf8.count }
        case .bytesArray(let arrays): size(of: arrays) { $0.count }
        case .intArray(let numbers), .timestampArray(let numbers): size(of: numbers) { _ in 8 }
        }
    }

    private static func size<Element>(of elements: [Element?], _ size: (Element) -> Int) -> Int {
        elements.reduce(elements.isEmpty ? 12 : 20) { total, element in total + 4 + (element.map(size) ?? 0) }
    }

    private mutating func reserve(_ size: Int) {
        guard count + size > capacity else { return }
        let larger = max(capacity * 2, count + size)
        let block = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        unsafe block.copyMemory(from: base, byteCount: count)
        unsafe base.deallocate()
        unsafe base = unsafe block
        capacity = larger
    }

    private mutating func write(_ value: SQLValue) {
        switch value {
        case .null: break
        case .text(let text): append(text)
        case .int(let number): append(number)
        case .double(let number): append(number.bitPattern)
        case .bool(let flag): append(UInt8(flag ? 1 : 0))
        case .bytes(let bytes): append(bytes)
        case .timestamp(let time): append(PostgresType.binaryTime(time))
        case .json(let text):
            append(UInt8(1))
            append(text)
        case .textArray(let texts):
            header(texts, PostgresType.text)
            for text in texts {
                append(Int32(text?.utf8.count ?? -1))
                if let text { append(text) }
            }
        case .bytesArray(let arrays):
            header(arrays, PostgresType.bytea)
            for bytes in arrays {
                append(Int32(bytes?.count ?? -1))
                if let bytes { append(bytes) }
            }
        case .intArray(let numbers): write(numbers, PostgresType.int8)
        case .timestampArray(let times): write(times.map { $0.map(PostgresType.binaryTime) }, PostgresType.timestamptz)
        }
    }

    private mutating func write(_ numbers: [Int64?], _ type: Oid) {
        header(numbers, type)
        for number in numbers {
            append(Int32(number == nil ? -1 : 8))
            if let number { append(number) }
        }
    }

    /// Dimensions (none for an empty array), whether there are NULLs, the type; then length and lower bound.
    private mutating func header<Element>(_ elements: [Element?], _ type: Oid) {
        append(Int32(elements.isEmpty ? 0 : 1))
        append(Int32(elements.contains { $0 == nil } ? 1 : 0))
        append(type)
        guard !elements.isEmpty else { return }
        append(Int32(elements.count))
        append(Int32(1))
    }

    private mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        unsafe (base + count).storeBytes(of: number.bigEndian, as: Number.self)
        count += MemoryLayout<Number>.size
    }

    private mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in unsafe append(UnsafeRawBufferPointer(utf8)) }
    }

    private mutating func append(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { bytes in unsafe append(bytes) }
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        unsafe (base + count).copyMemory(from: start, byteCount: bytes.count)
        count += bytes.count
    }
}
