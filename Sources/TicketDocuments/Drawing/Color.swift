import Glibc

/// A colour on screens (sRGB); parts from 0 to 1.
package struct Color: Sendable, Hashable {
    package let red: Double
    package let green: Double
    package let blue: Double
    package var opacity = 1.0

    init(_ hexadecimal: UInt32) {
        red = Double(hexadecimal >> 16 & 255) / 255
        green = Double(hexadecimal >> 8 & 255) / 255
        blue = Double(hexadecimal & 255) / 255
    }

    /// - Returns: `nil` unless the text is `#` and six hexadecimal digits.
    package init?(text: String) {
        guard text.utf8.count == 7, text.hasPrefix("#"), text.dropFirst().allSatisfy(\.isHexDigit),
            let value = UInt32(text.dropFirst(), radix: 16)
        else { return nil }
        self.init(value)
    }

    static let white = Color(0xffffff)
    static let ink = Color(0x1b1e2b)
    static let grey = Color(0x6b7080)
    static let hairline = Color(0xd9dce5)

    func opacity(_ opacity: Double) -> Color {
        var color = self
        color.opacity = opacity
        return color
    }

    /// Light from 0 to 1, as the eye weighs it (WCAG 2.1, relative luminance).
    private var luminance: Double {
        func linear(_ part: Double) -> Double {
            part <= 0.039_28 ? part / 12.92 : Double.pow((part + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// White or ink, whichever stands out more on this colour.
    var readable: Color {
        1.05 / (luminance + 0.05) >= (luminance + 0.05) / (Color.ink.luminance + 0.05) ? .white : .ink
    }
}

extension Double {
    fileprivate static func pow(_ base: Double, _ exponent: Double) -> Double { Glibc.pow(base, exponent) }
}
