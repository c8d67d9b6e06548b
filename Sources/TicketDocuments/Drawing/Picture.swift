import CFlotillaCairo

/// A logo as the drawing library holds it.
@safe final class Picture {
    let surface: OpaquePointer
    let width: Double
    let height: Double

    /// - Throws: `TicketDocumentError` when the file does not hold a whole picture.
    convenience init(_ logo: Logo) throws(TicketDocumentError) { try self.init(png: logo.png, limit: Logo.widest) }

    /// - Parameter limit: pixels on a side: a small file can hold a picture that fills the memory.
    init(png: [UInt8], limit: Int) throws(TicketDocumentError) {
        try Self.check(png, limit: limit)
        let reading = PictureBytes(png)
        let surface = unsafe cairo_image_surface_create_from_png_stream(
            { closure, target, length in
                guard let closure = unsafe closure, let target = unsafe target else { return CAIRO_STATUS_READ_ERROR }
                let bytes = unsafe Unmanaged<PictureBytes>.fromOpaque(closure).takeUnretainedValue()
                return unsafe bytes.read(into: UnsafeMutableBufferPointer(start: target, count: Int(length)))
            },
            Unmanaged.passUnretained(reading).toOpaque()
        )
        guard let surface = unsafe surface else { throw Self.unfit("can't be read") }
        let status = withExtendedLifetime(reading) { unsafe cairo_surface_status(surface) }
        guard status == CAIRO_STATUS_SUCCESS else {
            unsafe cairo_surface_destroy(surface)
            throw Self.unfit("is a damaged PNG picture")
        }
        unsafe self.surface = surface
        width = Double(unsafe cairo_image_surface_get_width(surface))
        height = Double(unsafe cairo_image_surface_get_height(surface))
    }

    deinit { unsafe cairo_surface_destroy(surface) }

    /// - Throws: `TicketDocumentError` for what is no PNG picture, or one that is too wide or high.
    static func check(_ png: [UInt8], limit: Int) throws(TicketDocumentError) {
        let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
        guard png.count > 33, png.starts(with: signature), Array(png[12..<16]) == Array("IHDR".utf8) else {
            throw unfit("is no PNG picture")
        }
        func number(_ start: Int) -> Int { png[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
        guard (1...limit).contains(number(16)), (1...limit).contains(number(20)) else {
            throw unfit("is wider or higher than \(limit) pixels")
        }
    }

    static func unfit(_ problem: String) -> TicketDocumentError {
        TicketDocumentError(code: .picture, detail: "the picture \(problem)")
    }
}

private final class PictureBytes {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func read(into target: UnsafeMutableBufferPointer<UInt8>) -> cairo_status_t {
        guard bytes.count - place >= target.count else { return CAIRO_STATUS_READ_ERROR }
        _ = unsafe target.update(fromContentsOf: bytes[place..<place + target.count])
        place += target.count
        return CAIRO_STATUS_SUCCESS
    }
}
