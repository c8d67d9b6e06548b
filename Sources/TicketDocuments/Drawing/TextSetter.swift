import CFlotillaCairo

/// Sets texts in any script by pango. Belongs to one thread, since its fonts do.
@safe final class TextSetter {
    /// Every script that a font of the system has: what the first font lacks comes from the others.
    private static let families = "Noto Sans, DejaVu Sans, Sans"
    /// Texts that tickets of a job share: labels, title, date, terms.
    private static let remembered = 64

    private let fonts: OpaquePointer
    private let context: OpaquePointer
    private var language: TicketLanguage?
    private var descriptions: [Face: FontDescription] = [:]
    private var shared: [SharedText: TextLayout] = [:]
    private var scratch: [TextStyle: TextLayout] = [:]
    /// The characters of the texts set since ``begin(_:)`` that no font has.
    private(set) var missing: Set<Character> = []

    private struct Face: Hashable {
        let weight: TextStyle.Weight
        let size: Double
    }

    private struct SharedText: Hashable {
        let text: String
        let style: TextStyle
        let width: Double
        let height: Double
    }

    init() {
        guard let fonts = unsafe pango_cairo_font_map_new(), let context = unsafe pango_font_map_create_context(fonts),
            let options = unsafe cairo_font_options_create()
        else { preconditionFailure("out of memory for fonts") }
        unsafe self.fonts = fonts
        unsafe self.context = context
        unsafe pango_cairo_context_set_resolution(context, 72)
        // A page has no pixels to fit letters to.
        unsafe cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        unsafe cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        unsafe pango_cairo_context_set_font_options(context, options)
        unsafe cairo_font_options_destroy(options)
        unsafe pango_context_set_round_glyph_positions(context, 0)
    }

    deinit {
        shared = [:]
        scratch = [:]
        unsafe g_object_unref(UnsafeMutableRawPointer(context))
        unsafe g_object_unref(UnsafeMutableRawPointer(fonts))
    }

    /// Begins a page.
    ///
    /// - Parameter language: decides among letter forms that languages share, and where lines may break.
    func begin(_ language: TicketLanguage) {
        missing = []
        guard language != self.language else { return }
        self.language = language
        unsafe pango_context_set_language(context, pango_language_from_string(language.rawValue))
        shared = [:]
        scratch = [:]
    }

    /// The text, set so that it fits into the width and height.
    ///
    /// - Parameter isShared: whether other tickets are likely to have the same text.
    func set(_ text: String, _ style: TextStyle, width: Double, height: Double, isShared: Bool) -> TextLayout {
        if isShared {
            let key = SharedText(text: text, style: style, width: width, height: height)
            if let known = shared[key] {
                missing.formUnion(known.missing)
                return known
            }
            if shared.count >= Self.remembered { shared = [:] }
            let layout = unsafe TextLayout(context, style)
            fit(layout, text, style, width, height)
            shared[key] = layout
            return layout
        }
        let layout = unsafe scratch[style] ?? TextLayout(context, style)
        scratch[style] = layout
        fit(layout, text, style, width, height)
        return layout
    }

    private func fit(_ layout: TextLayout, _ text: String, _ style: TextStyle, _ width: Double, _ height: Double) {
        defer { note(layout, text.printable) }
        layout.put(text.printable, width: width)
        var size = style.size
        while true {
            layout.use(description(style.weight, size))
            if layout.fits(width, height) { return }
            guard size > style.smallest else { break }
            size = max(style.smallest, (size * 0.88 * 4).rounded() / 4)
        }
        layout.cut(height)
    }

    /// A text without gaps, which is nearly every one, costs a look at its runs.
    private func note(_ layout: TextLayout, _ text: String) {
        layout.missing = []
        guard layout.hasMissing else { return }
        let alone = unsafe TextLayout(context, TextStyle(10))
        alone.use(description(.regular, 10))
        for character in Set(text) {
            alone.put(String(character), width: 1_000)
            if alone.hasMissing { layout.missing.append(character) }
        }
        missing.formUnion(layout.missing)
    }

    private func description(_ weight: TextStyle.Weight, _ size: Double) -> FontDescription {
        let face = Face(weight: weight, size: size)
        if let known = descriptions[face] { return known }
        let made = FontDescription(Self.families, weight, size)
        descriptions[face] = made
        return made
    }
}
