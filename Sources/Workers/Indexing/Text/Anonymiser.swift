package import FlotillaModels
import FlotillaPersonalData

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
        for find in [ContactRanges.addresses, { ContactRanges.numbers(in: $0, own: phone) }, ownNames] {
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
}
