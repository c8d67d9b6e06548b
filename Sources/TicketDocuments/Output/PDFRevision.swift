/// What the drawing library can't say of a file: its language, and its metadata as XMP, which archives read.
///
/// It is appended as a second revision (ISO 32000-1, section 7.5.6): the catalogue once more, and the metadata.
enum PDFRevision {
    static func title(of ticket: TicketContent) -> String {
        ticket.guestName.isEmpty ? ticket.eventTitle : "\(ticket.eventTitle) · \(ticket.guestName)"
    }

    /// The file with the addition; as it was, when it is not written as expected.
    ///
    /// - Parameter date: ISO 8601.
    static func described(_ file: [UInt8], _ ticket: TicketContent, date: String) -> [UInt8] {
        guard let tail = Tail(file) else { return file }
        var bytes = file
        let metadata = metadata(ticket, date: date)
        let catalogueStart = bytes.count
        bytes += Array(
            """
            \(tail.root) 0 obj
            << /Type /Catalog /Pages \(tail.pages) 0 R /Lang (\(ticket.language.rawValue)) /Metadata \(tail.size) 0 R
               /ViewerPreferences << /DisplayDocTitle true >> >>
            endobj

            """.utf8
        )
        let metadataStart = bytes.count
        bytes += Array(
            "\(tail.size) 0 obj\n<< /Type /Metadata /Subtype /XML /Length \(metadata.count) >>\nstream\n".utf8
        )
        bytes += metadata
        bytes += Array("\nendstream\nendobj\n".utf8)
        let tableStart = bytes.count
        bytes += Array(
            """
            xref
            \(tail.root) 1
            \(offset(catalogueStart)) 00000 n\u{20}
            \(tail.size) 1
            \(offset(metadataStart)) 00000 n\u{20}
            trailer
            << /Size \(tail.size + 1) /Root \(tail.root) 0 R /Info \(tail.info) 0 R /Prev \(tail.table) >>
            startxref
            \(tableStart)
            %%EOF

            """.utf8
        )
        return bytes
    }

    private static func offset(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 10 - digits.utf8.count) + digits
    }

    private static func metadata(_ ticket: TicketContent, date: String) -> [UInt8] {
        let language = ticket.language.rawValue
        return Array(
            """
            <?xpacket begin="\u{feff}" id="W5M0MpCehiHzreSzNTczkc9d"?>
            <x:xmpmeta xmlns:x="adobe:ns:meta/">
            <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
            <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" \
            xmlns:xmp="http://ns.adobe.com/xap/1.0/">
            <dc:format>application/pdf</dc:format>
            <dc:title><rdf:Alt><rdf:li xml:lang="x-default">\(escaped(title(of: ticket)))</rdf:li></rdf:Alt></dc:title>
            <dc:creator><rdf:Seq><rdf:li>\(escaped(ticket.organizer ?? ticket.eventTitle))</rdf:li></rdf:Seq></dc:creator>
            <dc:description><rdf:Alt><rdf:li xml:lang="x-default">\(escaped(ticket.code))</rdf:li></rdf:Alt></dc:description>
            <dc:language><rdf:Bag><rdf:li>\(language)</rdf:li></rdf:Bag></dc:language>
            <xmp:CreatorTool>Flotilla</xmp:CreatorTool>
            <xmp:CreateDate>\(date)</xmp:CreateDate>
            </rdf:Description>
            </rdf:RDF>
            </x:xmpmeta>
            <?xpacket end="r"?>
            """.utf8
        )
    }

    /// What is left of a printable text is what XML 1.0 can hold.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.printable.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// The end of a file as the drawing library writes it.
    private struct Tail {
        let size: Int
        let root: Int
        let info: Int
        let pages: Int
        /// Where its table of objects starts.
        let table: Int

        init?(_ file: [UInt8]) {
            let end = file.count
            guard let trailer = Self.place(of: "trailer", in: file, max(0, end - 1_024)..<end),
                let size = Self.number(after: "/Size ", in: file, trailer..<end),
                let root = Self.number(after: "/Root ", in: file, trailer..<end),
                let info = Self.number(after: "/Info ", in: file, trailer..<end),
                let table = Self.number(after: "startxref\n", in: file, trailer..<end), table < end,
                let catalogue = Self.place(of: "\n\(root) 0 obj", in: file, max(0, table - 2_048)..<table),
                Self.place(of: "/Type /Catalog", in: file, catalogue..<table) != nil,
                let pages = Self.number(after: "/Pages ", in: file, catalogue..<table)
            else { return nil }
            (self.size, self.root, self.info, self.pages, self.table) = (size, root, info, pages, table)
        }

        /// Where the word ends that stands there first.
        private static func place(of word: String, in file: [UInt8], _ range: Range<Int>) -> Int? {
            let word = Array(word.utf8)
            guard range.count >= word.count else { return nil }
            return (range.lowerBound...range.upperBound - word.count).first { start in
                file[start] == word[0] && file[start..<start + word.count].elementsEqual(word)
            }.map { $0 + word.count }
        }

        private static func number(after word: String, in file: [UInt8], _ range: Range<Int>) -> Int? {
            guard let start = place(of: word, in: file, range) else { return nil }
            let digits = file[start..<range.upperBound].prefix { (0x30...0x39).contains($0) }
            return Int(String(decoding: digits, as: UTF8.self))
        }
    }
}
