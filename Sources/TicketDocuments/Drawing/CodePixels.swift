import CCairo

/// A code as a picture of a pixel for each module. The file holds it with one bit for each: drawn as rectangles it would
/// take most of the time that a page does.
@safe struct CodePixels: ~Copyable {
    let surface: OpaquePointer

    init(_ code: QRCode) {
        let width = CInt(code.width)
        guard let surface = unsafe cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, width),
            let target = unsafe cairo_image_surface_get_data(surface)
        else { preconditionFailure("out of memory for a code") }
        unsafe self.surface = surface
        let stride = Int(unsafe cairo_image_surface_get_stride(surface))
        unsafe cairo_surface_flush(surface)
        let pixels = code.pixels(stride: stride / 4)
        unsafe pixels.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            unsafe UnsafeMutableRawPointer(target).copyMemory(from: start, byteCount: bytes.count)
        }
        unsafe cairo_surface_mark_dirty(surface)
    }

    deinit { unsafe cairo_surface_destroy(surface) }
}
