import CFlotillaCairo

/// A page that is being drawn.
@safe struct Canvas {
    let cairo: OpaquePointer
    let texts: TextSetter

    private func use(_ color: Color) {
        if color.opacity == 1 {
            unsafe cairo_set_source_rgb(cairo, color.red, color.green, color.blue)
        } else {
            unsafe cairo_set_source_rgba(cairo, color.red, color.green, color.blue, color.opacity)
        }
    }

    func fill(_ box: Box, _ color: Color, radius: Double = 0) {
        use(color)
        path(box, radius)
        unsafe cairo_fill(cairo)
    }

    func frame(_ box: Box, _ color: Color, width: Double = 1, radius: Double = 0) {
        use(color)
        path(box, radius)
        unsafe cairo_set_line_width(cairo, width)
        unsafe cairo_stroke(cairo)
    }

    func circle(x: Double, y: Double, radius: Double, _ color: Color) {
        use(color)
        unsafe cairo_new_path(cairo)
        unsafe cairo_arc(cairo, x, y, radius, 0, 2 * .pi)
        unsafe cairo_fill(cairo)
    }

    /// What is drawn in `body` shows inside the box only.
    func clipped(to box: Box, radius: Double = 0, _ body: () -> Void) {
        unsafe cairo_save(cairo)
        path(box, radius)
        unsafe cairo_clip(cairo)
        body()
        unsafe cairo_restore(cairo)
    }

    /// A level line; `dash` is the length of its dashes and gaps.
    func line(from x: Double, to end: Double, y: Double, _ color: Color, width: Double = 0.75, dash: Double? = nil) {
        use(color)
        if let dash { unsafe cairo_set_dash(cairo, [dash], 1, 0) }
        unsafe cairo_move_to(cairo, x, y)
        unsafe cairo_line_to(cairo, end, y)
        unsafe cairo_set_line_width(cairo, width)
        unsafe cairo_stroke(cairo)
        if dash != nil { unsafe cairo_set_dash(cairo, nil, 0, 0) }
    }

    /// The text inside the box: set smaller, broken into lines or cut until it fits.
    ///
    /// - Returns: the height that it takes.
    @discardableResult
    func text(_ text: String, in box: Box, _ style: TextStyle, isShared: Bool = false) -> Double {
        guard !text.isEmpty else { return 0 }
        let layout = texts.set(text, style, width: box.width, height: box.height, isShared: isShared)
        let height = layout.height
        let free = max(0, box.height - height)
        let top =
            switch style.verticalAlignment {
            case .top: box.y
            case .middle: box.y + free / 2
            case .bottom: box.y + free
            }
        use(style.color)
        unsafe cairo_move_to(cairo, box.x, top)
        unsafe pango_cairo_show_layout(cairo, layout.pointer)
        return height
    }

    /// The code in the middle of the box, with the quiet zone of four modules that scanners need inside it.
    func code(_ code: QRCode, in box: Box) {
        // Whole points, and so whole pixels on most screens: a code whose modules are not alike is hard to read.
        let room = min(box.width, box.height) / Double(code.width + 8)
        let module = room >= 2 ? room.rounded(.down) : (room * 4).rounded(.down) / 4
        let left = (box.x + (box.width - module * Double(code.width)) / 2).rounded()
        let top = (box.y + (box.height - module * Double(code.width)) / 2).rounded()
        let pixels = CodePixels(code)
        unsafe cairo_save(cairo)
        unsafe cairo_translate(cairo, left, top)
        unsafe cairo_scale(cairo, module / Double(CodePixels.size), module / Double(CodePixels.size))
        unsafe cairo_set_source_surface(cairo, pixels.surface, 0, 0)
        // Pixels stay as they are, however large they are shown.
        unsafe cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_NEAREST)
        unsafe cairo_paint(cairo)
        unsafe cairo_restore(cairo)
    }

    /// The picture, as large as the box allows, at its left or right edge.
    func picture(_ picture: Picture, in box: Box, _ alignment: TextStyle.Alignment) {
        let scale = min(box.width / picture.width, box.height / picture.height)
        let free = box.width - picture.width * scale
        let x =
            switch alignment {
            case .start: box.x
            case .center: box.x + free / 2
            case .end: box.x + free
            }
        unsafe cairo_save(cairo)
        unsafe cairo_translate(cairo, x, box.y + (box.height - picture.height * scale) / 2)
        unsafe cairo_scale(cairo, scale, scale)
        unsafe cairo_set_source_surface(cairo, picture.surface, 0, 0)
        unsafe cairo_paint(cairo)
        unsafe cairo_restore(cairo)
    }

    private func path(_ box: Box, _ radius: Double) {
        unsafe cairo_new_path(cairo)
        guard radius > 0 else {
            unsafe cairo_rectangle(cairo, box.x, box.y, box.width, box.height)
            return
        }
        let quarter = Double.pi / 2
        unsafe cairo_arc(cairo, box.right - radius, box.y + radius, radius, -quarter, 0)
        unsafe cairo_arc(cairo, box.right - radius, box.bottom - radius, radius, 0, quarter)
        unsafe cairo_arc(cairo, box.x + radius, box.bottom - radius, radius, quarter, 2 * quarter)
        unsafe cairo_arc(cairo, box.x + radius, box.y + radius, radius, 2 * quarter, 3 * quarter)
        unsafe cairo_close_path(cairo)
    }
}
