/// The scalars of a text, each with whether it must not be shown as it is: it steers, or it is invisible where nothing
/// needs it, so that two texts would look the same.
///
/// Invisible are the default ignorable characters of Unicode (U+200B, U+FEFF, tags, fillers), those of private use,
/// annotations, and noncharacters. Of them stay: a zero width joiner between emoji, both joiners behind a letter of a
/// script that joins (Arabic, Syriac, N'Ko, those of India and Southeast Asia, Mongolian), and one variation selector
/// behind an emoji, an ideograph or a letter of such a script. Tags are never shown: the flags of England, Scotland and
/// Wales are written with them, and so is text that nobody sees.
struct HiddenScalars: Sequence, IteratorProtocol {
    private var rest: Substring.UnicodeScalarView
    private var previous: Unicode.Scalar?

    init(_ text: String) { rest = Substring(text).unicodeScalars }

    mutating func next() -> (scalar: Unicode.Scalar, isHidden: Bool)? {
        guard let scalar = rest.popFirst() else { return nil }
        defer { previous = scalar }
        return (scalar, scalar.isTextControl || scalar.mayBeInvisible && !isNeeded(scalar))
    }

    private func isNeeded(_ scalar: Unicode.Scalar) -> Bool {
        guard let previous else { return false }
        switch scalar.value {
        case 0x200c: return previous.isOfJoiningScript
        case 0x200d: return previous.isOfJoiningScript || previous.endsEmoji && rest.first?.isPictograph == true
        case 0xfe00...0xfe0f, 0xe0100...0xe01ef, 0x180b...0x180d, 0x180f:
            return !previous.isVariationSelector
                && (previous.properties.isEmoji || previous.properties.isIdeographic || previous.isOfJoiningScript)
        default: return false
        }
    }
}

extension Unicode.Scalar {
    /// Whether nothing is shown of it by itself, be it needed or not.
    var mayBeInvisible: Bool {
        guard value >= 0xad else { return false }
        switch properties.generalCategory {
        case .privateUse: return true
        default: break
        }
        return properties.isDefaultIgnorableCodePoint || properties.isNoncharacterCodePoint
            || (0xfff9...0xfffb).contains(value)
    }

    fileprivate var isVariationSelector: Bool { properties.isVariationSelector }

    /// By blocks: letters and signs that joiners stand behind.
    fileprivate var isOfJoiningScript: Bool {
        guard !mayBeInvisible else { return false }
        return switch value {
        case 0x600...0x8ff, 0x900...0xdff, 0x1000...0x109f, 0x1780...0x18af, 0xa840...0xa87f, 0xa8e0...0xa8ff,
            0xfb50...0xfdff, 0xfe70...0xfefe, 0x11000...0x11fff, 0x1e900...0x1e95f:
            true
        default: false
        }
    }

    fileprivate var isPictograph: Bool { value > 0xff && properties.isEmoji }

    /// Behind an emoji, its skin colour, or what asks for its colours.
    fileprivate var endsEmoji: Bool { isPictograph || value == 0xfe0f }
}
