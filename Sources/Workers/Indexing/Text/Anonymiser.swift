package import FlotillaModels

/// Takes out of free text what identifies a person: their names, and addresses and telephone numbers of anybody.
package struct Anonymiser: Sendable {
    /// What stands in the place of what was taken out.
    package static let placeholder = "…"

    private let names: Set<String>
    private let initials: Set<UInt8>
    private let phone: [UInt8]

    /// - Parameter personal: the personal fields of the profile that the text is from.
    package init(_ personal: ProfileFields) {
        var names: Set<String> = []
        for field in [ProfileField.firstName, .lastName, .fullName] {
            guard let text = personal[field]?.text else { continue }
            // Names of one or two letters are words of some language.
            for word in SearchText.key(text).utf8.split(whereSeparator: { !$0.belongsToWord }) where word.count > 2 {
                names.insert(String(Substring(word)))
            }
        }
        self.names = names
        initials = Set(names.compactMap(\.utf8.first))
        phone = personal[.phone]?.text.map { $0.utf8.filter(\.isDigit) }.map { Array($0.suffix(9)) } ?? []
    }

    package func clean(_ text: String) -> String {
        var bytes = Array(text.utf8)
        var isChanged = false
        for find in [addresses, numbers, ownNames] {
            let places = find(bytes)
            guard !places.isEmpty else { continue }
            isChanged = true
            for place in places.reversed() { bytes.replaceSubrange(place, with: Self.placeholder.utf8) }
        }
        return isChanged ? String(decoding: bytes, as: UTF8.self) : text
    }

    /// The value with all its strings cleaned.
    package func clean(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): .string(clean(text))
        case .array(let elements): .array(elements.map(clean))
        case .members(let members): .members(members.map { .init(name: $0.name, value: clean($0.value)) })
        case .null, .boolean, .number: value
        }
    }

    private func addresses(in text: [UInt8]) -> [Range<Int>] {
        var places: [Range<Int>] = []
        for (index, byte) in text.enumerated() where byte == UInt8(ascii: "@") {
            var start = index
            while start > places.last?.upperBound ?? 0, text[start - 1].isAddressByte { start -= 1 }
            var end = index + 1
            while end < text.count, text[end].isAddressByte { end += 1 }
            while end > index, text[end - 1] == UInt8(ascii: ".") { end -= 1 }
            if start < index, text[index + 1..<max(end, index + 1)].contains(UInt8(ascii: ".")) {
                places.append(start..<end)
            }
        }
        return places
    }

    /// Nine digits or more that begin as telephone numbers do, and the person's own number however it is written.
    private func numbers(in text: [UInt8]) -> [Range<Int>] {
        var places: [Range<Int>] = []
        var index = 0
        while index < text.count {
            guard text[index].isDigit || text[index] == UInt8(ascii: "+") else {
                index += 1
                continue
            }
            var end = index + 1
            var digits = text[index].isDigit ? [text[index]] : []
            var next = end
            // Up to two signs may stand between two digits.
            while next < text.count, next - end < 3 {
                if text[next].isDigit {
                    digits.append(text[next])
                    end = next + 1
                } else if !" .-()/".utf8.contains(text[next]) {
                    break
                }
                next += 1
            }
            let beginsLikeOne = text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "0")
            let isOwn = phone.count >= 6 && digits.suffix(phone.count).elementsEqual(phone)
            if isOwn || beginsLikeOne && (9...15).contains(digits.count) { places.append(index..<end) }
            index = end
        }
        return places
    }

    private func ownNames(in text: [UInt8]) -> [Range<Int>] {
        guard !names.isEmpty else { return [] }
        var places: [Range<Int>] = []
        var index = 0
        while index < text.count {
            guard text[index].belongsToWord else {
                index += 1
                continue
            }
            var end = index + 1
            while end < text.count, text[end].belongsToWord { end += 1 }
            let first = text[index]
            // Folding a word costs: only one that may be a name is worth it.
            if first >= 0x80 || initials.contains(first | 0x20) {
                let word = SearchText.key(String(decoding: text[index..<end], as: UTF8.self))
                let bare = word.utf8.split { !$0.belongsToWord }
                if bare.contains(where: { names.contains(String(Substring($0))) }) { places.append(index..<end) }
            }
            index = end
        }
        return places
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }

    fileprivate var isAddressByte: Bool { belongsToWord || "._%+-".utf8.contains(self) }
}
