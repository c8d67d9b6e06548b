import FlotillaModels
import FlotillaPlatform

/// Where the next page of a search begins: after the profile with this key and id.
///
/// It names a place in the order and not a number of results, so that profiles that come and go meanwhile neither
/// repeat nor hide others.
package struct SearchCursor: Sendable, Hashable {
    package enum Match: String, Sendable, Hashable {
        /// Every word was found.
        case exact
        /// No profile has every word; these have words that resemble them.
        case similar
    }

    let match: Match
    /// What the results are in order of; the greatest first.
    let key: Double
    let profileID: String

    /// Opaque to clients: letters, digits and dots.
    func text(of query: ProfileQuery) -> String {
        let id = Array(profileID.utf8).hexadecimal
        return "\(query.fingerprint).\(match == .exact ? 0 : 1).\(String(key.bitPattern, radix: 16)).\(id)"
    }

    /// - Returns: `nil` for a text that is no cursor of this search.
    package init?(_ text: String, of query: ProfileQuery) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == query.fingerprint, parts[1] == "0" || parts[1] == "1",
            let bits = UInt64(parts[2], radix: 16), let id = [UInt8](hexadecimal: parts[3]),
            !Double(bitPattern: bits).isNaN, let profileID = String(validating: id, as: UTF8.self),
            !id.contains(0)
        else { return nil }
        match = parts[1] == "0" ? .exact : .similar
        key = Double(bitPattern: bits)
        self.profileID = profileID
        // It is read as a time then, and anybody can write any number.
        let time = Int64(exactly: key.rounded())
        if query.order == .newest, time.map(EventTime.plausible.contains) != true { return nil }
    }

    init(match: Match, key: Double, profileID: String) {
        self.match = match
        self.key = key
        self.profileID = profileID
    }
}

extension [UInt8] {
    fileprivate init?(hexadecimal text: Substring) {
        guard text.utf8.count.isMultiple(of: 2), !text.isEmpty else { return nil }
        self = []
        var high: UInt8?
        for digit in text.utf8 {
            let value: UInt8
            switch digit {
            case 0x30...0x39: value = digit - 0x30
            case 0x61...0x66: value = digit - 0x57
            default: return nil
            }
            if let first = high {
                append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
    }
}
