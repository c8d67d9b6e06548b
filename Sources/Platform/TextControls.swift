extension Unicode.Scalar {
    /// Whether it steers what shows it instead of being shown: control characters (C0, DEL, C1), Bidi_Control of
    /// Unicode, and the separators of lines and paragraphs. All of them are below U+10000.
    package var isTextControl: Bool {
        if value < 0x7f { return value < 0x20 }
        guard value < 0x2070 else { return false }
        return value < 0xa0 || value == 0x2028 || value == 0x2029 || properties.isBidiControl
    }

    /// As JSON writes it by its number: `\u202e`, `\udb40\udc01`.
    package var jsonEscape: String {
        UTF16.encode(self).map { units in
            units.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            }.joined()
        } ?? ""
    }
}

extension String {
    /// For a terminal: control characters as their pictures, what else steers or is invisible as �, so that a foreign
    /// text can't steer the terminal or pass for another. What is invisible and needed stays: see ``HiddenScalars``.
    ///
    /// - Parameter kept: control characters that stay as they are, such as line feeds of our own.
    package func showingTextControls(but kept: [Unicode.Scalar] = []) -> String {
        guard unicodeScalars.contains(where: { $0.isTextControl || $0.mayBeInvisible }) else { return self }
        var text = ""
        for (scalar, isHidden) in HiddenScalars(self) {
            if !isHidden || kept.contains(scalar) {
                text.unicodeScalars.append(scalar)
            } else if scalar.value < 0x20, let picture = Unicode.Scalar(0x2400 + scalar.value) {
                text.unicodeScalars.append(picture)
            } else {
                text += "\u{fffd}"
            }
        }
        return text
    }

    /// A JSON text whose value is the same, with everything in its strings escaped that could steer a terminal or
    /// is invisible.
    ///
    /// What is below U+0020 is escaped in strings already, and between them it is blanks.
    package var escapingTextControlsOfJSON: String {
        guard unicodeScalars.contains(where: { $0.value >= 0x7f && ($0.isTextControl || $0.mayBeInvisible) }) else {
            return self
        }
        var text = ""
        for (scalar, isHidden) in HiddenScalars(self) {
            if scalar.value >= 0x7f, isHidden {
                text += scalar.jsonEscape
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
