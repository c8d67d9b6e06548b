import CFlotillaIDN

/// An address that mail can be sent to, with nothing in it that a mail server could take for a command.
package struct MailAddress: Sendable, Hashable {
    /// The longest address and local part that SMTP allows (RFC 5321, 4.5.3.1, and RFC 3696, erratum 1690).
    package static let longestAddress = 254
    package static let longestLocalPart = 64

    package let localPart: String
    /// In ASCII: an international domain name in its `xn--` form (IDNA 2008).
    package let domain: String

    /// What goes over the wire.
    package var ascii: String { "\(localPart)@\(domain)" }

    /// Quoted local parts and address literals (`user@[192.0.2.1]`) are refused, and local parts beyond ASCII, for which
    /// most servers have no SMTPUTF8.
    ///
    /// - Throws: naming `field`.
    package init(_ text: String, field: String) throws(FieldError) {
        guard !text.isEmpty else { throw FieldError(field, "is empty") }
        guard text.utf8.count <= Self.longestAddress else {
            throw FieldError(field, "is longer than \(Self.longestAddress) bytes")
        }
        guard !text.unicodeScalars.contains(where: \.isControl) else {
            throw FieldError(field, "has a line break or another control character")
        }
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw FieldError(field, "is no mail address: exactly one @ is expected") }
        localPart = try Self.checkedLocalPart(parts[0], field)
        domain = try Self.asciiDomain(String(parts[1]), field)
        guard ascii.utf8.count <= Self.longestAddress else {
            throw FieldError(field, "is longer than \(Self.longestAddress) bytes")
        }
    }

    /// A dot-atom of RFC 5322.
    private static func checkedLocalPart(_ text: Substring, _ field: String) throws(FieldError) -> String {
        guard !text.isEmpty else { throw FieldError(field, "has nothing before the @") }
        guard text.utf8.count <= longestLocalPart else {
            throw FieldError(field, "has more than \(longestLocalPart) bytes before the @")
        }
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw FieldError(field, "has letters beyond ASCII before the @, which needs SMTPUTF8")
        }
        let atoms = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard atoms.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isAtomText } }) else {
            throw FieldError(field, "has something before the @ that no mail address has")
        }
        return String(text)
    }

    private static func asciiDomain(_ text: String, _ field: String) throws(FieldError) -> String {
        guard !text.isEmpty else { throw FieldError(field, "has no domain") }
        let ascii = text.utf8.allSatisfy { $0 < 0x80 } ? text : internationalised(text)
        let labels = (ascii ?? "").utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isDomain = labels.allSatisfy { label in
            (1...63).contains(label.count) && label.allSatisfy { $0.isLetterDigitOrHyphen }
                && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
        }
        guard let ascii, isDomain, ascii.utf8.count <= 253 else {
            throw FieldError(field, "has a malformed domain")
        }
        return ascii
    }

    private static func internationalised(_ text: String) -> String? {
        var output: UnsafeMutablePointer<UInt8>?
        let flags = CInt(bitPattern: IDN2_NFC_INPUT.rawValue | IDN2_NONTRANSITIONAL.rawValue)
        let status = unsafe text.withCString { pointer in
            unsafe pointer.withMemoryRebound(to: UInt8.self, capacity: text.utf8.count + 1) {
                unsafe idn2_lookup_u8($0, &output, flags)
            }
        }
        guard status == IDN2_OK.rawValue, let output = unsafe output else { return nil }
        defer { unsafe idn2_free(output) }
        return unsafe String(cString: output)
    }
}

extension Unicode.Scalar {
    /// C0 and C1 controls, and Unicode's own line breaks.
    var isControl: Bool {
        properties.generalCategory == .control || value == 0x2028 || value == 0x2029
    }
}

extension UInt8 {
    var isLetterDigitOrHyphen: Bool {
        (0x30...0x39).contains(self) || (0x61...0x7a).contains(self | 0x20) || self == UInt8(ascii: "-")
    }

    /// `atext` of RFC 5322.
    var isAtomText: Bool { isLetterDigitOrHyphen || "!#$%&'*+/=?^_`{|}~".utf8.contains(self) }
}
