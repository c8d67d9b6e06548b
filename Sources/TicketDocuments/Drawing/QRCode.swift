import CQREncode

/// A QR code (ISO/IEC 18004), made by libqrencode: as small as the text allows, readable with 15 % of it destroyed.
struct QRCode {
    /// Modules on a side.
    let width: Int
    /// Row by row: whether a module is dark.
    private let modules: [Bool]

    /// - Throws: `TicketDocumentError` when the text is too long.
    init(_ text: String) throws(TicketDocumentError) {
        guard let code = unsafe QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1) else {
            throw TicketDocumentError(code: .code, detail: "a QR code can't hold \(text.utf8.count) characters")
        }
        defer { unsafe QRcode_free(code) }
        let width = Int(unsafe code.pointee.width)
        let data = unsafe code.pointee.data
        modules = unsafe [Bool](unsafeUninitializedCapacity: width * width) { buffer, count in
            for place in 0..<width * width { unsafe buffer[place] = data.map { unsafe $0[place] & 1 == 1 } ?? false }
            count = width * width
        }
        self.width = width
    }

    /// The dark modules as rectangles of `(x, y, width)`, one module high.
    var runs: [(x: Int, y: Int, width: Int)] {
        var runs: [(x: Int, y: Int, width: Int)] = []
        runs.reserveCapacity(width * width / 4)
        for y in 0..<width {
            var x = 0
            while x < width {
                guard modules[y * width + x] else {
                    x += 1
                    continue
                }
                let start = x
                while x < width, modules[y * width + x] { x += 1 }
                runs.append((start, y, x - start))
            }
        }
        return runs
    }
}
