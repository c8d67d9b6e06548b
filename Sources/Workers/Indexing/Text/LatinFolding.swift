/// The plain lower-case letters of accented Latin ones, by Unicode's decompositions and, where it has none, by habit
/// (`ø` is `o`, `œ` is `oe`).
enum LatinFolding {
    /// Two letters, one letter, or none for what is no letter of these blocks.
    static func letters(of scalar: Unicode.Scalar) -> (UInt8, UInt8?)? {
        let value = Int(scalar.value)
        let letter: UInt8
        if (0xc0..<0xc0 + extended.count).contains(value) {
            letter = extended[value - 0xc0]
        } else if (0x1e00..<0x1e00 + additional.count).contains(value) {
            letter = additional[value - 0x1e00]
        } else {
            return nil
        }
        switch letter {
        case UInt8(ascii: "."): return nil
        case UInt8(ascii: "?"): return pair(of: scalar)
        default: return (letter, nil)
        }
    }

    private static func pair(of scalar: Unicode.Scalar) -> (UInt8, UInt8?)? {
        switch scalar {
        case "Æ", "æ", "Ǣ", "ǣ", "Ǽ", "ǽ": (UInt8(ascii: "a"), UInt8(ascii: "e"))
        case "Œ", "œ": (UInt8(ascii: "o"), UInt8(ascii: "e"))
        case "Þ", "þ": (UInt8(ascii: "t"), UInt8(ascii: "h"))
        case "Ĳ", "ĳ": (UInt8(ascii: "i"), UInt8(ascii: "j"))
        default: (UInt8(ascii: "s"), UInt8(ascii: "s"))
        }
    }

    /// U+00C0 to U+024F. A question mark stands for two letters, a dot for none.
    private static let extended = Array(
        """
        aaaaaa?ceeeeiiiidnooooo.ouuuuy??aaaaaa?ceeeeiiiidnooooo.ouuuuy?yaaaaaaccccccccddddeeeeeeeeeegggggggg\
        hhhhiiiiiiiiii??jjkkkllllllllllnnnnnnnnnoooooo??rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs......o.\
        ......e.eff.............oo.............uu............................aaiioouuuuuuuuuueaaaa??..ggkkoo\
        oo..j...gg..nnaa??ooaaaaeeeeiiiioooorrrruuuusstt..hh......aaeeooooooooyy............................
        """.utf8
    )

    /// U+1E00 to U+1EFF.
    private static let additional = Array(
        """
        aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppprrrrrrrrssss\
        ssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwy.s..?.aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeeee\
        iiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......
        """.utf8
    )
}
