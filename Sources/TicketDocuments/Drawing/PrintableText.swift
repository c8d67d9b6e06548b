extension String {
    /// Line ends and other characters that are no text become spaces.
    var printable: String {
        guard unicodeScalars.contains(where: \.isNoText) else { return self }
        var printable = ""
        for scalar in unicodeScalars { printable.unicodeScalars.append(scalar.isNoText ? " " : scalar) }
        return printable
    }
}

extension Unicode.Scalar {
    /// Control characters, line and paragraph separators, the place of an object, and the non-characters of Unicode
    /// (section 23.7 of the standard), which the drawing library takes for broken text.
    fileprivate var isNoText: Bool {
        value < 0x20 || (0x7f...0x9f).contains(value) || value == 0x2028 || value == 0x2029 || value == 0xfffc
            || (0xfdd0...0xfdef).contains(value) || value & 0xfffe == 0xfffe
    }
}
