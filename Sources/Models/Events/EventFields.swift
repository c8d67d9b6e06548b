/// Reads an event's fields under any of the names that the publishing services give them.
///
/// Names are looked for at the top level first, then in the objects `data`, `metadata` and `data.metadata`. A field
/// that is null counts as absent. Every refusal names the field.
package struct EventFields: Sendable {
    private struct Level: Sendable {
        let path: String
        let bytes: [UInt8]
        var members: [JSONScanner.Member] = []

        /// - Throws: when the bytes are not JSON.
        init(_ path: String, _ bytes: [UInt8]) throws(InvalidPayload) {
            self.path = path
            self.bytes = bytes
            var members: [JSONScanner.Member] = []
            members.reserveCapacity(8)
            try JSONScanner.forEachMember(of: bytes) { members.append($0) }
            self.members = members
        }

        func member(_ name: String) -> JSONScanner.Member? {
            members.first { $0.kind != .null && bytes[$0.key].elementsEqual(name.utf8) }
        }

        func object(_ name: String) throws(InvalidPayload) -> Level? {
            guard let member = member(name), member.kind == .object else { return nil }
            return try Level("\(path)\(name).", Array(bytes[member.value]))
        }
    }

    private var levels: [Level]

    /// - Throws: when the body is not JSON, or not an object.
    package init(_ body: [UInt8]) throws(InvalidPayload) {
        let top = try Level("", body)
        if let first = body.first(where: { $0 > 0x20 }), first != UInt8(ascii: "{") {
            let found = JSONScanner.Kind(startingWith: first).noun
            throw InvalidPayload(field: "", problem: "expected an object, found \(found)")
        }
        levels = [top]
        let data = try top.object("data")
        for level in [data, try top.object("metadata"), try data?.object("metadata")] {
            if let level { levels.append(level) }
        }
    }

    /// An id written as a string of 1 to 255 bytes or as an integer.
    package func identifier(_ names: String...) throws(InvalidPayload) -> String? { try identifier(among: names) }

    /// As ``identifier(_:)``; the first name is the one to complain about.
    package func requiredIdentifier(_ names: String...) throws(InvalidPayload) -> String {
        guard let text = try identifier(among: names) else { throw InvalidPayload(field: names[0], problem: "missing") }
        return text
    }

    /// As ``identifier(_:)``.
    package func identifier(among names: [String]) throws(InvalidPayload) -> String? {
        guard let (level, member, name) = find(names) else { return nil }
        func refuse(_ problem: String) -> InvalidPayload { InvalidPayload(field: level.path + name, problem: problem) }
        let literal = level.bytes[member.value]
        let isInteger = literal.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
        guard member.kind == .string || (member.kind == .number && isInteger) else {
            throw refuse("expected a string or an integer, found \(member.kind.noun)")
        }
        guard literal.count <= 1_530 else { throw refuse("expected at most 255 bytes, found more") }
        let text = member.kind == .number ? String(decoding: literal, as: UTF8.self) : member.text(in: level.bytes)
        guard let text else { throw refuse("expected text, found half of a surrogate pair") }
        if text.isEmpty { throw refuse("expected a text, found an empty one") }
        if text.utf8.count > 255 { throw refuse("expected at most 255 bytes, found more") }
        if text.utf8.contains(0) { throw refuse("expected text, found the character U+0000") }
        return text
    }

    /// A time in ISO 8601 or as a number since 1970, in microseconds since 1970.
    ///
    /// - Parameter zone: in which a time without an offset is read; by default the process's ``AssumedZone``, whose clock
    ///   the services that say when something happened go by.
    package func time(_ names: String..., in zone: (any LocalTimeZone)? = nil) throws(InvalidPayload) -> Int64? {
        guard let (level, member, name) = find(names) else { return nil }
        if let time = member.writtenTime(in: level.bytes) { return time.moment(in: zone ?? AssumedZone.current) }
        let found =
            switch member.kind {
            case .string: "other text"
            case .number: "a number out of range"
            default: member.kind.noun
            }
        throw InvalidPayload(field: level.path + name, problem: "expected an ISO 8601 time, found \(found)")
    }

    /// Any JSON value.
    package func value(_ names: String...) throws(InvalidPayload) -> JSONValue? {
        guard let (level, member, _) = find(names) else { return nil }
        return try JSONValue(Array(level.bytes[member.literal]))
    }

    /// Text of up to `limit` bytes, which may be empty; a number is taken as it is written.
    package func text(_ names: String..., limit: Int = 10_000) throws(InvalidPayload) -> String? {
        guard let (level, member, name) = find(names) else { return nil }
        func refuse(_ problem: String) -> InvalidPayload { InvalidPayload(field: level.path + name, problem: problem) }
        if member.kind == .number { return String(decoding: level.bytes[member.value], as: UTF8.self) }
        guard member.kind == .string else { throw refuse("expected a string, found \(member.kind.noun)") }
        guard let text = member.text(in: level.bytes) else {
            throw refuse("expected text, found half of a surrogate pair")
        }
        if text.utf8.count > limit { throw refuse("expected at most \(limit) bytes, found \(text.utf8.count)") }
        if text.utf8.contains(0) { throw refuse("expected text, found the character U+0000") }
        return text
    }

    /// Looks for names in these objects as well, after all others: in those of the top level, then in those of `data`.
    package mutating func lookInto(_ names: String...) throws(InvalidPayload) {
        let outer = levels.prefix(2)
        for level in outer {
            for name in names {
                if let object = try level.object(name) { levels.append(object) }
            }
        }
    }

    private func find(_ names: [String]) -> (Level, JSONScanner.Member, String)? {
        for level in levels {
            for name in names {
                if let member = level.member(name) { return (level, member, name) }
            }
        }
        return nil
    }
}
