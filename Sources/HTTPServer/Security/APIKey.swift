import FlotillaHTTPRouting
import FlotillaPlatform

/// An API key as its owner has it: `flk_<id>_<secret>`. It can't be printed by accident.
package struct APIKey: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// Public: 12 hexadecimal digits.
    package let id: String
    /// 64 hexadecimal digits, which are 256 random bits: a plain digest of them can't be guessed back.
    private let secret: String

    /// Makes a new key.
    package init() {
        id = RandomBytes.make(6).hexadecimal
        secret = RandomBytes.make(32).hexadecimal
    }

    /// Takes a key apart; `nil` for anything that is not of its form.
    package init?(_ text: String) {
        guard text.utf8.count == 81, text.hasPrefix("flk_") else { return nil }
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].utf8.count == 12, parts[2].utf8.count == 64,
            (parts[1] + parts[2]).utf8.allSatisfy({ $0.hexadecimalValue != nil && !(0x41...0x46).contains($0) })
        else { return nil }
        id = String(parts[1])
        secret = String(parts[2])
    }

    /// The whole key, to be shown once.
    package var revealed: String { "flk_\(id)_\(secret)" }

    /// What is stored of the secret.
    package var digest: [UInt8] { SHA256.digest(secret) }

    package var description: String { "flk_\(id)_…" }
    package var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}
