import FlotillaModels
import FlotillaPlatform

extension JSONValue {
    /// Reads a JSON object in which no object has a member twice: of two, one reader takes the first and another the
    /// last (RFC 8725, section 2.4).
    ///
    /// - Returns: `nil` for anything else.
    static func strictObject(_ bytes: [UInt8]) -> JSONValue? {
        guard let value = try? JSONValue(bytes), case .members = value, value.hasUniqueNames, value.pathOfNUL == nil
        else { return nil }
        return value
    }

    private var hasUniqueNames: Bool {
        switch self {
        case .null, .boolean, .number, .string: return true
        case .array(let elements): return elements.allSatisfy(\.hasUniqueNames)
        case .members(let members):
            var names: Set<String> = []
            return members.allSatisfy { names.insert($0.name).inserted && $0.value.hasUniqueNames }
        }
    }

    /// A time as RFC 7519 writes it, in seconds since 1970; fractions are cut off.
    ///
    /// - Returns: `nil` for other kinds, and for times before 1970 or after the year 9999.
    var numericDate: Int64? {
        guard let seconds = double, seconds >= 0, seconds < 253_402_300_800 else { return nil }
        return Int64(seconds)
    }

    /// An id: one line of 1 to 255 bytes without anything that steers what shows it. Ids stand in logs, tables and names of
    /// keys.
    ///
    /// - Returns: `nil` for anything else.
    var identifier: String? {
        guard let text, (1...255).contains(text.utf8.count), !text.unicodeScalars.contains(where: \.isTextControl)
        else { return nil }
        return text
    }

    /// A text, or a list of texts; `nil` for anything else.
    var textOrTexts: [String]? {
        switch self {
        case .string(let text): return [text]
        case .array(let elements):
            let texts = elements.compactMap(\.text)
            return texts.count == elements.count ? texts : nil
        default: return nil
        }
    }
}
