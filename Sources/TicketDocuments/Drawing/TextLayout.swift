import CFlotillaCairo

/// A paragraph, broken into lines.
@safe final class TextLayout {
    let pointer: OpaquePointer
    /// The characters of its text that no font has, each once.
    var missing: [Character] = []

    private static let scale = Double(PANGO_SCALE)

    /// - Parameter style: of every text that will be put here.
    init(_ context: OpaquePointer, _ style: TextStyle) {
        guard let pointer = unsafe pango_layout_new(context) else { preconditionFailure("out of memory for text") }
        unsafe self.pointer = pointer
        unsafe pango_layout_set_wrap(pointer, PANGO_WRAP_WORD_CHAR)
        unsafe pango_layout_set_alignment(pointer, style.alignment.pango)
        setAttributes(style)
    }

    deinit { unsafe g_object_unref(UnsafeMutableRawPointer(pointer)) }

    func put(_ text: String, width: Double) {
        unsafe pango_layout_set_ellipsize(pointer, PANGO_ELLIPSIZE_NONE)
        unsafe pango_layout_set_height(pointer, -1)
        unsafe pango_layout_set_width(pointer, CInt(width * Self.scale))
        unsafe pango_layout_set_text(pointer, text, -1)
    }

    private func setAttributes(_ style: TextStyle) {
        guard let list = unsafe pango_attr_list_new() else { preconditionFailure("out of memory for text") }
        // A name that is broken inside a word gets no hyphen, which would be read as a part of it.
        unsafe pango_attr_list_insert(list, pango_attr_insert_hyphens_new(0))
        if !style.hasLigatures {
            unsafe pango_attr_list_insert(list, pango_attr_font_features_new("liga 0, clig 0"))
        }
        if style.spacing != 0 {
            unsafe pango_attr_list_insert(list, pango_attr_letter_spacing_new(CInt(style.spacing * Self.scale)))
        }
        unsafe pango_layout_set_attributes(pointer, list)
        unsafe pango_attr_list_unref(list)
    }

    func use(_ font: FontDescription) { unsafe pango_layout_set_font_description(pointer, font.pointer) }

    /// Whether some characters are in no font: boxes with their numbers are drawn instead.
    var hasMissing: Bool { unsafe pango_layout_get_unknown_glyphs_count(pointer) > 0 }

    var height: Double { size.height }

    private var size: (width: Double, height: Double) {
        var width: CInt = 0
        var height: CInt = 0
        unsafe pango_layout_get_size(pointer, &width, &height)
        return (Double(width) / Self.scale, Double(height) / Self.scale)
    }

    func fits(_ width: Double, _ height: Double) -> Bool {
        let size = size
        return size.height <= height + 0.01 && size.width <= width + 0.01
    }

    /// Leaves out what does not fit, and ends in “…”.
    func cut(_ height: Double) {
        unsafe pango_layout_set_ellipsize(pointer, PANGO_ELLIPSIZE_END)
        unsafe pango_layout_set_height(pointer, CInt(height * Self.scale))
    }
}

extension TextStyle.Alignment {
    fileprivate var pango: PangoAlignment {
        switch self {
        case .start: PANGO_ALIGN_LEFT
        case .center: PANGO_ALIGN_CENTER
        case .end: PANGO_ALIGN_RIGHT
        }
    }
}
