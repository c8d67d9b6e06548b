import CFlotillaCairo

/// A code as a picture, of which the file holds one bit for each pixel: drawn as rectangles it would take most of the time
/// that a page does.
@safe struct CodePixels: ~Copyable {
    /// Pixels on the side of a module. Programs that show pages blur pictures that they enlarge a little, by up to a pixel:
    /// that must not reach the middle of a module.
    static let size = 4

    let surface: OpaquePointer

    init(_ code: QRCode) {
        let width = CInt(code.width * Self.size)
        guard let surface = unsafe cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, width),
            let target = unsafe cairo_image_surface_get_data(surface)
        else { preconditionFailure("out of memory for a code") }
        unsafe self.surface = surface
        let stride = Int(unsafe cairo_image_surface_get_stride(surface))
        unsafe cairo_surface_flush(surface)
        let pixels = code.pixels(size: Self.size, stride: stride / 4)
        unsafe pixels.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            unsafe UnsafeMutableRawPointer(target).copyMemory(from: start, byteCount: bytes.count)
        }
        unsafe cairo_surface_mark_dirty(surface)
    }

    deinit { unsafe cairo_surface_destroy(surface) }
}
