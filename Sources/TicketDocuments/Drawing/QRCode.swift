import CFlotillaQREncode

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

    /// Squares of `size` pixels for the modules, row by row: 0 is dark.
    func pixels(size: Int, stride: Int) -> [UInt32] {
        var pixels = [UInt32](repeating: 0xffffff, count: stride * width * size)
        for y in 0..<width {
            let first = y * size * stride
            for x in 0..<width where modules[y * width + x] {
                for pixel in first + x * size..<first + (x + 1) * size { pixels[pixel] = 0 }
            }
            let line = pixels[first..<first + stride]
            for copy in 1..<max(size, 1) {
                pixels.replaceSubrange(first + copy * stride..<first + (copy + 1) * stride, with: line)
            }
        }
        return pixels
    }
}
