import CFlotillaCairo
import CFlotillaZBar

/// Reads QR codes off pictures, by zbar.
package enum CodeReader {
    /// Pixels on a side.
    private static let widest = 12_000

    /// The texts of all QR codes on a PNG picture.
    ///
    /// - Throws: `TicketDocumentError` when it is no PNG picture.
    package static func codes(inPNG bytes: [UInt8]) throws(TicketDocumentError) -> [String] {
        let picture = try Picture(png: bytes, limit: widest)
        let width = Int(picture.width)
        let height = Int(picture.height)
        return scan(picture.greys(width: width, height: height), width: width, height: height)
    }

    private static func scan(_ greys: [UInt8], width: Int, height: Int) -> [String] {
        guard let scanner = unsafe zbar_image_scanner_create(), let image = unsafe zbar_image_create() else {
            preconditionFailure("out of memory for a picture")
        }
        defer {
            unsafe zbar_image_destroy(image)
            unsafe zbar_image_scanner_destroy(scanner)
        }
        // Only codes of the kind that tickets have.
        unsafe zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0)
        unsafe zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1)
        unsafe zbar_image_set_format(image, greyFormat)
        unsafe zbar_image_set_size(image, CUnsignedInt(width), CUnsignedInt(height))
        var texts: [String] = []
        unsafe greys.withUnsafeBytes { buffer in
            unsafe zbar_image_set_data(image, buffer.baseAddress, CUnsignedLong(buffer.count), nil)
            guard unsafe zbar_scan_image(scanner, image) > 0 else { return }
            var symbol = unsafe zbar_image_first_symbol(image)
            while let found = unsafe symbol {
                if let data = unsafe zbar_symbol_get_data(found) { texts.append(unsafe String(cString: data)) }
                unsafe symbol = zbar_symbol_next(found)
            }
        }
        return texts
    }

    /// `Y800`: a byte of grey for each pixel.
    private static let greyFormat: CUnsignedLong = 0x3030_3859
}

extension Picture {
    /// The pixels on white paper, row by row, from 0 for black to 255.
    fileprivate func greys(width: Int, height: Int) -> [UInt8] {
        guard let paper = unsafe cairo_image_surface_create(CAIRO_FORMAT_RGB24, CInt(width), CInt(height)),
            let cairo = unsafe cairo_create(paper)
        else { preconditionFailure("out of memory for a picture") }
        defer { unsafe cairo_surface_destroy(paper) }
        unsafe cairo_set_source_rgb(cairo, 1, 1, 1)
        unsafe cairo_paint(cairo)
        unsafe cairo_set_source_surface(cairo, surface, 0, 0)
        unsafe cairo_paint(cairo)
        unsafe cairo_destroy(cairo)
        unsafe cairo_surface_flush(paper)
        let stride = Int(unsafe cairo_image_surface_get_stride(paper))
        guard let pixels = unsafe cairo_image_surface_get_data(paper) else { return [] }
        return unsafe [UInt8](unsafeUninitializedCapacity: width * height) { buffer, count in
            for y in 0..<height {
                for x in 0..<width {
                    let pixel = y * stride + x * 4
                    let sum = unsafe Int(pixels[pixel]) + Int(pixels[pixel + 1]) * 2 + Int(pixels[pixel + 2])
                    unsafe buffer[y * width + x] = UInt8(sum / 4)
                }
            }
            count = width * height
        }
    }
}
