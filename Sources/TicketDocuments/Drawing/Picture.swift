import CCairo

/// A logo as the drawing library holds it.
@safe final class Picture {
    let surface: OpaquePointer
    let width: Double
    let height: Double

    /// - Throws: `TicketDocumentError` when the file does not hold a whole picture.
    init(_ logo: Logo) throws(TicketDocumentError) {
        let reading = PictureBytes(logo.png)
        let surface = unsafe cairo_image_surface_create_from_png_stream(
            { closure, target, length in
                guard let closure = unsafe closure, let target = unsafe target else { return CAIRO_STATUS_READ_ERROR }
                let bytes = unsafe Unmanaged<PictureBytes>.fromOpaque(closure).takeUnretainedValue()
                return unsafe bytes.read(into: UnsafeMutableBufferPointer(start: target, count: Int(length)))
            },
            Unmanaged.passUnretained(reading).toOpaque()
        )
        guard let surface = unsafe surface else { throw Logo.unfit("can't be read") }
        let status = withExtendedLifetime(reading) { unsafe cairo_surface_status(surface) }
        guard status == CAIRO_STATUS_SUCCESS else {
            unsafe cairo_surface_destroy(surface)
            throw Logo.unfit("is a damaged PNG picture")
        }
        unsafe self.surface = surface
        width = Double(unsafe cairo_image_surface_get_width(surface))
        height = Double(unsafe cairo_image_surface_get_height(surface))
    }

    deinit { unsafe cairo_surface_destroy(surface) }
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
