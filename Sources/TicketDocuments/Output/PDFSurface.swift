import CFlotillaCairo

/// A PDF file of one page while it is being written.
@safe struct PDFSurface: ~Copyable {
    private let surface: OpaquePointer
    private let output: Output

    private final class Output {
        var bytes: [UInt8] = []
    }

    /// - Parameters:
    ///   - width: in points, as is `height`.
    ///   - capacity: about how many bytes the file will have.
    init(width: Double, height: Double, capacity: Int) {
        let output = Output()
        output.bytes.reserveCapacity(capacity)
        let surface = unsafe cairo_pdf_surface_create_for_stream(
            { closure, data, length in
                guard let closure = unsafe closure, let data = unsafe data else { return CAIRO_STATUS_WRITE_ERROR }
                let output = unsafe Unmanaged<Output>.fromOpaque(closure).takeUnretainedValue()
                unsafe output.bytes.append(contentsOf: UnsafeBufferPointer(start: data, count: Int(length)))
                return CAIRO_STATUS_SUCCESS
            },
            Unmanaged.passUnretained(output).toOpaque(),
            width,
            height
        )
        // There always is one; whether it is of use shows when it is drawn on.
        guard let surface = unsafe surface else { preconditionFailure("cairo gives no surface") }
        unsafe self.surface = surface
        self.output = output
    }

    deinit {
        // Writes what is still open, so the output has to be there until then.
        withExtendedLifetime(output) { unsafe cairo_surface_destroy(surface) }
    }

    func describe(_ key: cairo_pdf_metadata_t, _ text: String) {
        unsafe cairo_pdf_surface_set_metadata(surface, key, text.printable)
    }

    /// Lends a drawing context for the page.
    func draw(_ body: (OpaquePointer) -> Void) throws(TicketDocumentError) {
        guard let cairo = unsafe cairo_create(surface) else {
            throw TicketDocumentError(code: .drawing, detail: "no page can be made")
        }
        unsafe body(cairo)
        unsafe cairo_show_page(cairo)
        let status = unsafe cairo_status(cairo)
        unsafe cairo_destroy(cairo)
        try check(status)
    }

    /// Ends the file.
    ///
    /// - Returns: its bytes.
    consuming func finish() throws(TicketDocumentError) -> [UInt8] {
        unsafe cairo_surface_finish(surface)
        try check(unsafe cairo_surface_status(surface))
        return output.bytes
    }

    private func check(_ status: cairo_status_t) throws(TicketDocumentError) {
        guard status != CAIRO_STATUS_SUCCESS else { return }
        let reason = unsafe cairo_status_to_string(status).map { unsafe String(cString: $0) } ?? "unknown"
        throw TicketDocumentError(
            code: status == CAIRO_STATUS_INVALID_STRING ? .text : .drawing,
            detail: "drawing failed: \(reason)"
        )
    }
}
