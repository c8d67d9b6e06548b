extension JSONWriter {
    mutating func write(_ table: HeaderTable) {
        guard table.hasUniqueNames else {
            open("[")
            for entry in table.entries {
                open("[")
                string(entry.name)
                write(entry.value)
                close("]")
            }
            return close("]")
        }
        open("{")
        for entry in table.entries {
            name(entry.name)
            write(entry.value)
        }
        close("}")
    }

    mutating func write(_ value: FieldValue) {
        switch value {
        case .string(let text): string(text)
        case .boolean(let flag): plain(flag ? "true" : "false")
        case .int64(let number) where number.magnitude <= 1 << 53: plain(String(number))
        case .void: plain("null")
        case .array(let values):
            open("[")
            for value in values { write(value) }
            close("]")
        default: tagged(value.tag) { $0.writeContent(of: value) }
        }
    }

    /// What stands behind the tag.
    private mutating func writeContent(of value: FieldValue) {
        switch value {
        case .int8(let number): integer(number)
        case .uint8(let number): integer(number)
        case .int16(let number): integer(number)
        case .uint16(let number): integer(number)
        case .int32(let number): integer(number)
        case .uint32(let number): integer(number)
        case .int64(let number): integer(number)
        case .uint64(let number), .timestamp(let number): integer(number)
        case .float(let number):
            if number.isFinite { plain("\(number)") } else { string(String(number.bitPattern, radix: 16)) }
        case .double(let number):
            if number.isFinite { plain("\(number)") } else { string(String(number.bitPattern, radix: 16)) }
        case .decimal(let scale, let value):
            open("[")
            integer(scale)
            integer(value)
            close("]")
        case .bytes(let bytes), .binaryString(let bytes): string(Base64.encode(bytes))
        case .table(let table): write(table)
        case .string, .boolean, .void, .array: plain("null")
        }
    }
}

extension FieldValue {
    fileprivate var tag: String {
        switch self {
        case .boolean: "boolean"
        case .int8: "int8"
        case .uint8: "uint8"
        case .int16: "int16"
        case .uint16: "uint16"
        case .int32: "int32"
        case .uint32: "uint32"
        case .int64: "int64"
        case .uint64: "uint64"
        case .float: "float"
        case .double: "double"
        case .decimal: "decimal"
        case .string: "string"
        case .binaryString: "binary-string"
        case .bytes: "bytes"
        case .timestamp: "timestamp"
        case .array: "array"
        case .table: "table"
        case .void: "void"
        }
    }

    init(_ json: JSONValue) throws(MessageJSONError) {
        switch json {
        case .null: self = .void
        case .boolean(let flag): self = .boolean(flag)
        case .string(let text): self = .string(text)
        case .number: self = .int64(try json.integer("a header", as: Int64.self))
        case .array(let elements):
            var values: [FieldValue] = []
            for element in elements { values.append(try FieldValue(element)) }
            self = .array(values)
        case .members(let members):
            guard members.count == 1 else { throw .unexpected("a header", "an object of one member, its type") }
            try self.init(tag: members[0].name, members[0].value)
        }
    }

    private init(tag: String, _ json: JSONValue) throws(MessageJSONError) {
        switch tag {
        case "int8": self = .int8(try json.integer(tag, as: Int8.self))
        case "uint8": self = .uint8(try json.integer(tag, as: UInt8.self))
        case "int16": self = .int16(try json.integer(tag, as: Int16.self))
        case "uint16": self = .uint16(try json.integer(tag, as: UInt16.self))
        case "int32": self = .int32(try json.integer(tag, as: Int32.self))
        case "uint32": self = .uint32(try json.integer(tag, as: UInt32.self))
        case "int64": self = .int64(try json.integer(tag, as: Int64.self))
        case "uint64": self = .uint64(try json.integer(tag, as: UInt64.self))
        case "timestamp": self = .timestamp(try json.integer(tag, as: UInt64.self))
        case "bytes": self = .bytes(try json.base64(tag))
        case "binary-string": self = .binaryString(try json.base64(tag))
        case "table": self = .table(try HeaderTable(json))
        case "decimal":
            guard case .array(let parts) = json, parts.count == 2 else { throw .unexpected(tag, "[scale, value]") }
            self = .decimal(
                scale: try parts[0].integer(tag, as: UInt8.self),
                value: try parts[1].integer(tag, as: UInt32.self)
            )
        case "float":
            if case .number(let text) = json, let number = Float(text) {
                self = .float(number)
            } else if case .string(let digits) = json, let bits = UInt32(digits, radix: 16) {
                self = .float(Float(bitPattern: bits))
            } else {
                throw .unexpected(tag, "a number, or its bits as hexadecimal digits in quotes")
            }
        case "double":
            if case .number(let text) = json, let number = Double(text) {
                self = .double(number)
            } else if case .string(let digits) = json, let bits = UInt64(digits, radix: 16) {
                self = .double(Double(bitPattern: bits))
            } else {
                throw .unexpected(tag, "a number, or its bits as hexadecimal digits in quotes")
            }
        default: throw .unexpected("the header type \(tag)", "one of AMQP's")
        }
    }
}

extension HeaderTable {
    fileprivate var hasUniqueNames: Bool {
        guard entries.count > 1 else { return true }
        // By bytes: `String` takes canonically equivalent names for equal, which at worst chooses the longer form.
        var names = Set<String>(minimumCapacity: entries.count)
        return entries.allSatisfy { names.insert($0.name).inserted }
    }

    init(_ json: JSONValue) throws(MessageJSONError) {
        self.init()
        switch json {
        case .members(let members):
            for member in members { entries.append(Entry(name: member.name, value: try FieldValue(member.value))) }
        case .array(let pairs):
            for pair in pairs {
                guard case .array(let parts) = pair, parts.count == 2, case .string(let name) = parts[0] else {
                    throw .unexpected("a header", "[name, value]")
                }
                entries.append(Entry(name: name, value: try FieldValue(parts[1])))
            }
        default: throw .unexpected("headers", "an object, or an array of pairs")
        }
    }
}

extension JSONValue {
    func base64(_ what: String) throws(MessageJSONError) -> [UInt8] {
        guard case .string(let text) = self, let bytes = Base64.decode(text) else { throw .unexpected(what, "base64") }
        return bytes
    }
}
