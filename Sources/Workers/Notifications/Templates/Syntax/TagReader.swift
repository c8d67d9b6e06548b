/// Reads what stands between the braces of one tag.
struct TagReader {
    struct Problem: Error {
        let text: String
    }

    private let bytes: ArraySlice<UInt8>
    private var position: Int
    private let line: Int

    init(_ bytes: ArraySlice<UInt8>, line: Int) {
        (self.bytes, self.line) = (bytes, line)
        position = bytes.startIndex
    }

    mutating func variable() throws(Problem) -> VariableTag {
        let path = try path()
        skipSpace()
        guard take("|") else {
            try expectEnd("“|” and a filter")
            return VariableTag(path: path, filter: nil, line: line)
        }
        let name = try name("a filter's name")
        var arguments: [TagArgument] = []
        skipSpace()
        if take(":") {
            repeat {
                arguments.append(try argument())
                skipSpace()
            } while take(",")
        }
        try expectEnd(arguments.isEmpty ? "“:” and the filter's arguments" : "“,” and another argument")
        return VariableTag(path: path, filter: .init(name: name, arguments: arguments), line: line)
    }

    /// The path of `{{#path}}`, `{{^path}}` or `{{/path}}`.
    mutating func onlyPath() throws(Problem) -> VariablePath {
        let path = try path()
        try expectEnd("nothing after \(path)")
        return path
    }

    mutating func partial() throws(Problem) -> PartialTag {
        let name = try name("a partial's name")
        var arguments: [String: TagArgument] = [:]
        skipSpace()
        while current != nil {
            let key = try self.name("name=value")
            guard take("=") else { throw Problem(text: "expected = after \(key)") }
            guard arguments.updateValue(try argument(), forKey: key) == nil else {
                throw Problem(text: "\(key) is given twice")
            }
            skipSpace()
        }
        return PartialTag(name: name, arguments: arguments, line: line)
    }

    private mutating func argument() throws(Problem) -> TagArgument {
        skipSpace()
        guard take("\"") else { return .path(try path()) }
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\"")) else {
            throw Problem(text: "expected a closing quote")
        }
        defer { position = end + 1 }
        return .literal(String(decoding: bytes[position..<end], as: UTF8.self))
    }

    private mutating func path() throws(Problem) -> VariablePath {
        skipSpace()
        if take(".") { return VariablePath(names: []) }
        var names: [String] = []
        repeat { names.append(try name("a variable's name")) } while take(".")
        return VariablePath(names: names)
    }

    private mutating func name(_ expectation: String) throws(Problem) -> String {
        skipSpace()
        let start = position
        while let byte = current, byte.isNameByte { position += 1 }
        guard position > start else {
            throw Problem(text: "expected \(expectation)" + (rest.isEmpty ? "" : ", found “\(rest)”"))
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func expectEnd(_ alternative: String) throws(Problem) {
        skipSpace()
        guard current == nil else { throw Problem(text: "expected \(alternative), found “\(rest)”") }
    }

    private var current: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    private var rest: String { String(decoding: bytes[position...].prefix(40), as: UTF8.self) }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = current, byte.isTemplateSpace { position += 1 }
    }
}

extension UInt8 {
    var isTemplateSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0a || self == 0x0d }

    fileprivate var isNameByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
