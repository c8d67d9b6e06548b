import CFlotillaCairo

/// A font by family, weight and size.
@safe final class FontDescription {
    let pointer: OpaquePointer

    init(_ families: String, _ weight: TextStyle.Weight, _ size: Double) {
        guard let pointer = unsafe pango_font_description_new() else { preconditionFailure("out of memory for fonts") }
        unsafe self.pointer = pointer
        unsafe pango_font_description_set_family(pointer, families)
        unsafe pango_font_description_set_absolute_size(pointer, size * Double(PANGO_SCALE))
        unsafe pango_font_description_set_weight(pointer, weight.pango)
    }

    deinit { unsafe pango_font_description_free(pointer) }
}

extension TextStyle.Weight {
    fileprivate var pango: PangoWeight {
        switch self {
        case .regular: PANGO_WEIGHT_NORMAL
        case .semibold: PANGO_WEIGHT_SEMIBOLD
        case .bold: PANGO_WEIGHT_BOLD
        }
    }
}
